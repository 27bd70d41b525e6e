"""Register maps from the meters' manuals, written down apart from the hub's own model files.

A simulator that shared the hub's tables would agree with every mistake in them. Addresses are
wire addresses from 0; a read that leaves the ranges of a map is answered "illegal address".
"""

from __future__ import annotations

from simulators.register_map import (
    Cells,
    RegisterMap,
    float64,
    float_abcd,
    float_dcba,
    int16,
    int32,
    low_first,
    row_of,
    uint16,
    uint32,
)

FULL_PIPE, VALVE_OPEN = 0x00AA, 0x0001
VOLTAGES = ("voltage.1", "voltage.2", "voltage.3")
CURRENTS = ("current.1", "current.2", "current.3")
POWERS = ("power.1", "power.2", "power.3")

SDM630 = RegisterMap(
    function=4,
    ranges=(range(0x58), range(0x156, 0x180)),
    cells=(
        *row_of(0x00, 2, (*VOLTAGES, *CURRENTS, *POWERS), 1, float_abcd),
        *row_of(0x1E, 2, ("factor", "factor", "factor"), 1, float_abcd),
        (0x34, "power", 1, float_abcd),
        (0x38, "apparent", 1, float_abcd),
        (0x3C, "reactive", 1, float_abcd),
        (0x3E, "factor", 1, float_abcd),
        *row_of(0x46, 2, ("frequency", "import", "export"), 1, float_abcd),
        (0x156, "import", 1, float_abcd),
    ),
)
DTSU666 = RegisterMap(
    function=3,
    ranges=(range(0x2000, 0x2060), range(0x101E, 0x1030), range(0x401E, 0x4030)),
    cells=(
        *row_of(0x2006, 2, VOLTAGES, 10, float_abcd),
        *row_of(0x200C, 2, CURRENTS, 1000, float_abcd),
        *row_of(0x2012, 2, ("power", *POWERS), 10, float_abcd),
        (0x201A, "reactive", 10, float_abcd),
        (0x202A, "factor", 1000, float_abcd),
        (0x2044, "frequency", 100, float_abcd),
        *row_of(0x101E, 10, ("import", "export"), 1, float_abcd),
        *row_of(0x401E, 10, ("import", "export"), 1, float_abcd),
    ),
)
ADW300 = RegisterMap(
    function=3,
    ranges=(range(80),),
    cells=(
        *row_of(20, 1, VOLTAGES, 10, uint16),
        *row_of(26, 1, CURRENTS, 100, uint16),
        *row_of(30, 2, (*POWERS, "power"), 1, int32),
        *row_of(62, 2, ("import", "export"), 100, int32),
    ),
)
XINTAI = RegisterMap(
    function=3,
    ranges=(range(0x01, 0x1D),),
    cells=(
        *row_of(0x01, 2, ("volume", "reverse", "flow"), 1, float_dcba),
        *row_of(0x0A, 2, ("pressure", "temperature"), 1, float_dcba),
        (0x1A, "battery", 1, float_dcba),
    ),
    constants={0x07: FULL_PIPE, 0x1C: VALVE_OPEN},
)


def _sdm(phases: int) -> RegisterMap:
    """Return what Eastron's meters have in common: floats by function 4, read in pairs."""
    each = (VOLTAGES, CURRENTS) if phases > 1 else (VOLTAGES[:1], ("current",))
    total = (0x34, 0x3E) if phases > 1 else (0x0C, 0x1E)
    return RegisterMap(
        function=4,
        ranges=(range(0x50), range(0x156, 0x15A)),
        cells=(
            *row_of(0x00, 2, each[0], 1, float_abcd),
            *row_of(0x06, 2, each[1], 1, float_abcd),
            (total[0], "power", 1, float_abcd),
            (total[1], "factor", 1, float_abcd),
            *row_of(0x46, 2, ("frequency", "import", "export"), 1, float_abcd),
        ),
    )


def _phases(voltage: int, current: int, unit: float = 1) -> Cells:
    """Return floats of three phases: volts from one address on, amperes from another."""
    volts = row_of(voltage, 2, VOLTAGES, unit, float_abcd)
    return (*volts, *row_of(current, 2, CURRENTS, unit, float_abcd))


def _floats(function: int, ranges: tuple[range, ...], *cells: Cells) -> RegisterMap:
    return RegisterMap(function=function, ranges=ranges, cells=sum(cells, ()))


GAVAZZI = RegisterMap(
    function=4,
    ranges=(range(0x60),),
    cells=(
        *row_of(0x00, 2, VOLTAGES, 10, low_first(int32)),
        *row_of(0x0C, 2, CURRENTS, 1000, low_first(int32)),
        (0x28, "power", 10, low_first(int32)),
        (0x31, "factor", 1000, int16),
        (0x33, "frequency", 10, uint16),
        (0x34, "import", 10, low_first(int32)),
        (0x4E, "export", 10, low_first(int32)),
    ),
)
WE514 = RegisterMap(
    function=3,
    ranges=(range(0x110, 0x15C), range(0xA000, 0xA028)),
    cells=(
        (0x130, "frequency", 100, uint16),
        (0x131, "voltage.1", 100, uint16),
        (0x139, "current", 1000, uint32),
        (0x140, "power", 1, uint32),
        (0x158, "factor", 1000, uint16),
        (0xA000, "import", 100, uint32),
    ),
)
WE516 = _floats(
    3,
    (range(0x3C), range(0x100, 0x130)),
    _phases(14, 22),
    ((20, "frequency", 1, float_abcd), (28, "power", 0.001, float_abcd)),
    ((52, "factor", 1, float_abcd), (264, "import", 1, float_abcd), (272, "export", 1, float_abcd)),
)
PAC = _floats(
    3,
    (range(1, 72), range(801, 840)),
    _phases(1, 13),
    ((55, "frequency", 1, float_abcd), (65, "power", 1, float_abcd), (69, "factor", 1, float_abcd)),
    ((801, "import", 1000, float64), (809, "export", 1000, float64)),
)
PRO380 = _floats(
    3,
    (range(20480, 20530), range(24576, 24650)),
    _phases(20482, 20492),
    ((20488, "frequency", 1, float_abcd), (20498, "power", 0.001, float_abcd)),
    ((20522, "factor", 1, float_abcd),),
    ((24588, "import", 1, float_abcd), (24600, "export", 1, float_abcd)),
)
UMG96 = _floats(
    3,
    (range(19000, 19122),),
    _phases(19000, 19012),
    ((19026, "power", 1, float_abcd), (19050, "frequency", 1, float_abcd)),
    ((19068, "import", 1000, float_abcd), (19076, "export", 1000, float_abcd)),
)
DDS238 = RegisterMap(
    function=3,
    ranges=(range(0x16),),
    cells=(
        (0x08, "export", 100, uint32),
        (0x0A, "import", 100, uint32),
        (0x0C, "voltage.1", 10, uint16),
        (0x0D, "current", 100, uint16),
        (0x0E, "power", 1, int16),
        (0x10, "factor", 1000, uint16),
        (0x11, "frequency", 100, uint16),
    ),
)
ADL400 = RegisterMap(
    function=3,
    ranges=(range(0x7A), range(0x164, 0x180)),
    cells=(
        (0x0A, "import", 100, uint32),
        (0x14, "export", 100, uint32),
        *row_of(0x61, 1, VOLTAGES, 10, uint16),
        *row_of(0x64, 1, CURRENTS, 100, uint16),
        (0x77, "frequency", 100, uint16),
        (0x16A, "power", 1, int32),
        (0x17F, "factor", 1000, int16),
    ),
)
UPS = RegisterMap(
    function=3,
    ranges=(range(0x21),),
    cells=(
        (3, "states", 1, uint16),
        *row_of(5, 1, ("charge", "minutes", "battery", "temperature"), 1, uint16),
        (12, "load", 1, uint16),
        (14, "output", 1, uint16),
        (17, "input", 1, uint16),
    ),
)
BY_MODEL = {
    "eastron-sdm630": SDM630,
    "chint-dtsu666": DTSU666,
    "acrel-adw300": ADW300,
    "kaifeng-xintai-water": XINTAI,
    "eastron-sdm230": _sdm(1),
    "eastron-sdm72": _sdm(3),
    "carlo-gavazzi-em24-e1": GAVAZZI,
    "carlo-gavazzi-em340": GAVAZZI,
    "orno-we514": WE514,
    "orno-we516": WE516,
    "siemens-pac3200": PAC,
    "siemens-pac2200": PAC,
    "inepro-pro380": PRO380,
    "janitza-umg96rm": UMG96,
    "hiking-dds238": DDS238,
    "acrel-adl400": ADL400,
}
