"""Messages to programs outside: sent, signed, and their answers judged; whoever sends them."""
