"""What settings and sheets make of links to devices that speak HTTP, RTSP or SIP."""

from __future__ import annotations

from pathlib import Path

from hub.assembly.loading import load_world
from hub.assembly.stream_links import Heard, build_stream_links, stream_drivers
from hub.clock import ManualClock
from hub.settings import Settings, load_settings
from tests.support.polling import Recorder
from tests.support.site import PLACE, Plot, write_site

MORE = """
[[stream]]
name = "nvr"
dialect = "isapi"
host = "10.0.0.5"
username = "u"
[[stream]]
name = "dahua-nvr"
dialect = "dahua"
host = "10.0.0.6"
username = "u"
[[push]]
name = "plates"
dialect = "vzenith-push"
port = 8090
path = "/p"
[[rtsp]]
name = "cameras"
[[gb28181]]
name = "gb"
id = "34020000002000000001"
domain = "3402000000"
"""


def write(folder: Path) -> Settings:
    config = write_site(folder, Plot(devices={}, more=MORE), mqtt_port=1)
    sheet = folder / "devices.csv"
    head = sheet.read_text("utf-8").strip()
    lines = [f"{head},rtsp"]
    for name, link, model, where in (
        ("camera-1", "cameras", "rtsp-camera", "10.0.0.7/live"),
        ("camera-2", "cameras", "rtsp-camera", "http://10.0.0.7"),
        ("camera-3", "cameras", "rtsp-camera", ""),
        ("camera-4", "nvr", "hikvision-camera", ""),
        ("camera-5", "nvr", "dahua-camera", ""),
    ):
        lines.append(
            f"{name},{name[-1]},{link},camera,{model},{PLACE},{name},,,,in_service,{where}"
        )
    sheet.write_text("\n".join(lines) + "\n", "utf-8")
    return load_settings(config.read_text("utf-8"), str(config), {})


def test_each_table_makes_a_link_with_its_driver(tmp_path: Path) -> None:
    settings, recorder = write(tmp_path), Recorder()
    devices = load_world(settings, {}).site.devices
    heard = Heard(recorder, recorder, ManualClock(), lambda _uid: True)
    links = dict(build_stream_links(settings, devices, heard))
    assert list(links) == ["nvr", "dahua-nvr", "plates", "cameras", "gb"]
    assert all(link.name == name for name, link in links.items())
    assert stream_drivers(settings) == {
        "nvr": "isapi", "dahua-nvr": "dahua", "plates": "vzenith-push", "cameras": "rtsp",
        "gb": "gb28181",
    }  # fmt: skip


def test_a_camera_that_cannot_be_probed_is_a_problem_with_the_next_step(tmp_path: Path) -> None:
    problems = [str(each) for each in load_world(write(tmp_path), {}).problems]
    told = [each for each in problems if "is not probed" in each]
    assert len(told) == 2
    assert "devices.csv: camera-2 is not probed: its 'rtsp' is 'http://10.0.0.7'" in told[0]
    assert "write host/path of its stream" in told[1]


def test_a_device_whose_link_speaks_otherwise_than_its_model_is_a_problem(tmp_path: Path) -> None:
    problems = [str(each) for each in load_world(write(tmp_path), {}).problems]
    (told,) = [each for each in problems if "camera-5" in each]
    assert "its link 'nvr' speaks isapi, but its model 'dahua-camera' is of dahua" in told
    assert "hikvision-camera" in told
