"""Cases (案件): what receivers, such as the grid platform, make of incidents."""
