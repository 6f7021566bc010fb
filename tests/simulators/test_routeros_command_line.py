"""The simulator as a process of its own: command line, state file, control port."""

import ast
import json
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import librouteros
import pytest

import mikrotik_integration.simulators.routeros as package
from mikrotik_integration.simulators.routeros.control import Control, ControlRefused

PROGRAM = [sys.executable, "-m", "mikrotik_integration.simulators.routeros"]
ROOT = Path(package.__file__).parents[3]


class Process:
	"""A running simulator and its two ports."""

	def __init__(self, *more: str) -> None:
		command = [*PROGRAM, "--port", "0", "--password", "secret", "--control-port", "0", *more]
		self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
		assert self.process.stdout is not None
		self.ready = self.process.stdout.readline().strip()
		found = [int(port) for port in re.findall(r":(\d+)", self.ready)]
		self.port, self.control_port, *self.more_ports = found
		self.control = Control(self.control_port)
		self.apis: list[librouteros.Api] = []

	def api(self, **more: Any) -> librouteros.Api:
		api = librouteros.connect("127.0.0.1", "api", "secret", port=self.port, encoding="utf-8", **more)
		self.apis.append(api)
		return api

	def stop(self, number: int = signal.SIGTERM) -> int:
		self.control.close()
		for api in self.apis:
			api.close()
		self.process.send_signal(number)
		assert self.process.stdout is not None
		self.process.stdout.close()
		return self.process.wait(timeout=10)


def open_url(url: str) -> Any:
	"""Opens an address on this machine, whatever proxy the environment names."""
	return build_opener(ProxyHandler({})).open(url, timeout=10)


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
	started: list[Process] = []

	def start_one(*more: str) -> Process:
		started.append(Process(*more))
		return started[-1]

	yield start_one
	for process in started:
		if process.process.poll() is None:
			process.stop()


def test_one_line_tells_the_addresses_when_it_is_ready(start) -> None:
	process = start("--routeros", "7.18")
	expected = (
		f"RouterOS 7.18 simulator on 127.0.0.1:{process.port}, control on 127.0.0.1:{process.control_port}"
	)
	assert process.ready == expected
	assert process.stop() == 0


def test_customers_live_through_the_control_port(start) -> None:
	process = start()
	process.api().path("/ip/hotspot/user").add(name="ann", password="pw")
	session = process.control.do("login", user="ann", password="pw")
	moved = process.control.do("move", session=session["session"], upload=10, download=200)
	assert (moved["upload"], moved["download"], moved["ended"]) == (10, 200, None)
	online = process.control.do("sessions")["sessions"]
	assert [(row["user"], row["download"]) for row in online] == [("ann", 200)]
	process.control.do("hang_up", session=session["session"])
	rows = process.control.do("rows", menu="/ip/hotspot/user")["rows"]
	assert [row["bytes-out"] for row in rows if row["name"] == "ann"] == ["200"]
	with pytest.raises(ControlRefused, match="is over"):
		process.control.do("move", session=session["session"], upload=1)
	assert process.control.do("come_back", mac=session["mac"])["user"] == "ann"


WRONG = [
	("login", {"user": "nobody", "password": "x"}, "invalid username or password"),
	("login", {}, "no such order"),
	("nonsense", {}, "no such order"),
	("faults", {"nonsense": 1}, "no such order"),
	("run", {"path": "/nonsense/print"}, "no such command prefix"),
]


@pytest.mark.parametrize(("order", "details", "words"), WRONG)
def test_a_wrong_order_is_refused_and_the_next_one_is_done(start, order, details, words: str) -> None:
	process = start()
	with pytest.raises(ControlRefused, match=words):
		process.control.do(order, **details)
	assert process.control.do("sessions") == {"sessions": []}


def test_faults_are_set_from_another_process(start) -> None:
	process = start()
	assert process.control.do("faults", refuse_connections=True)["refuse_connections"] is True
	with pytest.raises(ConnectionRefusedError):
		process.api()
	process.control.do("faults", refuse_connections=False)
	process.control.do("behave", version="7.9")
	(resource,) = process.api()("/system/resource/print")
	assert resource["version"] == "7.9 (stable)"
	assert process.control.do("commands")["commands"] == ["/login", "/system/resource/print"]


def test_configuration_survives_a_restart_and_live_usage_does_not(start, tmp_path: Path) -> None:
	state = tmp_path / "router.json"
	process = start("--state", str(state))
	api = process.api()
	row_id = api.path("/ip/hotspot/user").add(name="ann", password="pw")
	session = process.control.do("login", user="ann", password="pw", mac="02:00:00:00:00:42")
	process.control.do("move", session=session["session"], download=100)
	process.control.do("hang_up", session=session["session"])
	session = process.control.do("come_back", mac="02:00:00:00:00:42")
	process.control.do("move", session=session["session"], download=23)
	assert process.stop() == 0
	assert oct(state.stat().st_mode & 0o777) == "0o600"

	again = start("--state", str(state))
	rows = again.control.do("rows", menu="/ip/hotspot/user")["rows"]
	found = [(row[".id"], row["password"], row["bytes-out"]) for row in rows if row["name"] == "ann"]
	assert found == [(row_id, "pw", "100")]
	assert again.control.do("sessions") == {"sessions": []}
	assert again.control.do("come_back", mac="02:00:00:00:00:42")["user"] == "ann"


def test_what_hinders_the_start_is_said_in_one_line(start, tmp_path: Path) -> None:
	state = tmp_path / "router.json"
	state.write_text("{}")
	for more in (["--state", str(state)], ["--port", str(start().port)]):
		failed = subprocess.run([*PROGRAM, *more], capture_output=True, text=True, cwd=ROOT)
		assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
		assert failed.stderr.startswith("cannot start: ")


def test_devices_see_the_hotspots_pages_from_another_process(start) -> None:
	process = start("--hotspot-port", "0")
	process.control.do("run", path="/ip/hotspot/user/add", args={"name": "ann", "password": "pw"})
	device = process.control.do("plug_in", mac="02:00:00:00:00:42")
	for address in (device["url"], f"http://127.0.0.1:{process.more_ports[0]}"):
		with open_url(f"{address}/login?username=ann&password=pw") as page:
			assert page.status == 200
	online = process.control.do("rows", menu="/ip/hotspot/active")["rows"]
	assert [(row["user"], row["mac-address"]) for row in online] == [("ann", "02:00:00:00:00:42")]
	process.control.do("unplug", mac=device["mac"])
	with pytest.raises(OSError):
		open_url(device["url"])


def test_one_order_can_be_given_from_a_shell(start) -> None:
	process = start()
	tell = [*PROGRAM[:-1], PROGRAM[-1] + ".tell", str(process.control_port)]
	done = subprocess.run([*tell, "faults", "latency_ms=5"], capture_output=True, text=True, cwd=ROOT)
	assert (done.returncode, '"latency_ms": 5' in done.stdout) == (0, True)
	odd = subprocess.run(
		[*tell, "faults", 'odd_spellings={"uptime": "?"}', "odd_rows_of=[ann"],
		capture_output=True,
		text=True,
		cwd=ROOT,
	)
	assert json.loads(odd.stdout)["odd_spellings"] == {"uptime": "?"}
	assert json.loads(odd.stdout)["odd_rows_of"] == "[ann"
	failed = subprocess.run(
		[*tell, "login", "user=ann", "password=0123"], capture_output=True, text=True, cwd=ROOT
	)
	assert (failed.returncode, failed.stderr) == (1, "invalid username or password\n")


def test_the_certificate_of_a_tls_port_is_kept_in_its_file(start, tmp_path: Path) -> None:
	file = tmp_path / "router.pem"
	served = []
	for _ in range(2):
		process = start("--tls", "--certificate", str(file))
		served.append(ssl.get_server_certificate(("127.0.0.1", process.port)))
		process.stop()
	assert served[0] == served[1]
	assert served[0].strip() in file.read_text()


def test_the_simulator_knows_nothing_of_the_code_under_test() -> None:
	imported = set()
	for file in Path(package.__file__).parent.rglob("*.py"):
		for node in ast.walk(ast.parse(file.read_text())):
			if isinstance(node, ast.Import):
				imported |= {name.name.split(".")[0] for name in node.names}
			elif isinstance(node, ast.ImportFrom) and node.level == 0:
				imported.add((node.module or "").split(".")[0])
	assert imported - sys.stdlib_module_names == {"cryptography"}
