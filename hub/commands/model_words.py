"""What is wrong with a model file, in Chinese: whoever writes one need not read English.

The faults themselves are made in English, beside what finds them; this is the one table of their
Chinese. What it does not know is told in English alone, and a test holds it to what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.errors import ConfigError, Problem

ROWS = {"register": "寄存器", "item": "标识", "field": "字段", "order": "指令", "example": "样例"}
_ROW = re.compile(r"(register|item|field|order|example) (\d+): (.*)", re.DOTALL)
MESSAGES = (
    (r"not TOML: (.+)", r"不是 TOML 格式：\1"),
    (r"a model needs '(.+)'", r"缺少 \1"),
    (r"kind '(.*)' is not known", r"没有种类 \1"),
    (r"key '(.*)' is not known", r"不认识 \1 这个键"),
    (r"(\w+) has no core point '(.*)'", r"\1 没有测点 \2"),
    (r"point '(.*)' must be a table, like (.+)", r"测点 \1 要写成 \2"),
    (r"no (?:point|event) '(.*)'", r"[points] 里没有 \1"),
    (r"no type '(.*)'", r"没有类型 \1"),
    (r"no order '(.*)'", r"没有字节次序 \1"),
    (r"Object missing required field `(\w+)`.*", r"缺少 \1"),
    (r"(?:(\S+) )?Expected `(\w+)`, got `(\w+)`.*`\$\.(\w+)`", r"\1 \4 应是 \2，不是 \3"),
    (r"(?:(\S+) )?Expected `(\w+)` (\S+) (\S+) - at `\$\.(\w+)`", r"\1 \5 应 \3 \4"),
    (r"(?:(\S+) )?Invalid enum value '?(\w+)'? - at `\$\.(\w+)`", r"\1 \3 不能是 \2"),
    (r"no dialect '(.*)'", r"没有规约 \1"),
    (r"the model has no Chinese name", r"没有中文名"),
    (r"nobody knows where this is from", r"没写出处"),
    (r"how far is it to be believed\? confidence says not", r"没写可信程度"),
    (r"(\S+) is in (\S+) everywhere", r"\1 的单位只能是 \2"),
    (r"(\S+) is a (\w+) everywhere", r"\1 的类型只能是 \2"),
    (r"(\S+): no unit '(.*)'", r"\1：没有单位 \2"),
    (r"(\S+) needs its names", r"\1 没有名字"),
    (r"(\S+): no value can be", r"\1：没有值能在这个范围里"),
    (r"a Modbus model without registers reads nothing", r"一个寄存器也没有"),
    (r"by which function is it read\?", r"没写功能码"),
    (r"(\w+) ends behind 0xFFFF", r"\1 超出了 0xFFFF"),
    (r"(\w+) is longer than max_registers", r"\1 比 max_registers 还长"),
    (r"function (\d) gives no (\w+)", r"功能码 \1 读不出 \2"),
    (r"a scale of 0 makes every value 0", r"scale 是 0，什么值都成了 0"),
    (r"(\S+) is one of (.+)", r"\1 只能是 \2"),
    (r"(\S+) cannot mean '?(.*?)'?", r"\1 不能是 \2"),
    (r"(\S+) at (\S+) overlaps (\S+), which ends at (\S+)", r"\1（\2）与 \3（到 \4）重叠"),
    (r"(\S+) has two registers", r"\1 有两个寄存器"),
    (r"(\S+) has no place", r"\1 用不上"),
    (r"nothing gives (\S+)", r"没有寄存器给出 \1"),
    (r"it is rejected: (.+)", r"译不出来：\1"),
    (r"nothing is said of '(.+)'", r"里面没有 \1"),
    (r"(\S+) is (\S+), not (\S+)", r"\1 译出来是 \2，不是 \3"),
)
HINTS = (
    (r"did you mean '(.+)'\?", r"是不是 \1？"),
    (r"there are (.+)", r"有：\1"),
    (r"write one of (.+), then why", r"先写 \1 之一，再写为什么"),
    (r"write function = 3, or 4 for input registers", r"写 function = 3，输入寄存器写 4"),
    (r"write (.+)", r"写 \1"),
    (r"leave unit out, and let scale turn .+", r"去掉 unit，用 scale 换算成它"),
    (r"leave type out", r"去掉 type"),
    (r"leave it out for 1", r"不换算就不写"),
    (r"a new point needs a type", r"自己加的测点要写 type"),
    (r"minimum must be below maximum", r"minimum 要小于 maximum"),
    (r"add \[\[registers\]\]", r"加上 [[registers]]"),
    (
        r"add (\S+) with point = '(.+)', or take it out .+",
        r"加一个 \1，point 写 \2；或从 [points] 删掉",
    ),
    (r"look at the address", r"看 address"),
    (r"look at address and type of both; .+", r"看两个的 address 和 type；同一个字的各位要写 mask"),
    (r"look at address, type, order and scale .+", r"看这个寄存器的 address、type、order、scale"),
    (r"raise max_registers", r"把 max_registers 改大"),
    (r"a point has one", r"一个测点只能有一个"),
    (r'type = "bit" goes with .+', r"线圈和开关量（1、2）用 bit，别的功能码不用"),
    (r"(\S+) is a (\w+)", r"\1 的类型是 \2"),
    (r"each order of a Modbus model once, .+", r"只有 Modbus 型号能写，每条一次"),
)


def say_faults(error: ConfigError) -> Iterator[str]:
    """Yield each fault, in Chinese where that is known, and then in English."""
    for problem in error.problems:
        chinese = in_chinese(problem)
        if chinese:
            yield f"{problem.place}: {chinese}"
        yield f"    {problem}" if chinese else str(problem)


def in_chinese(problem: Problem) -> str:
    """Return message and next step in Chinese; empty where that is not known."""
    row = _ROW.fullmatch(problem.message)
    lead = f"{ROWS[row[1]]} {row[2]}：" if row else ""
    told = _translate(row[3] if row else problem.message, MESSAGES)
    hint = _translate(problem.hint, HINTS)
    if not told or (problem.hint and not hint):
        return ""
    return f"{lead}{told}；{hint}" if hint else f"{lead}{told}"


def _translate(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, chinese in table:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return found.expand(chinese).strip()
    return ""
