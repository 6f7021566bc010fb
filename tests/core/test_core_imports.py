"""core thinks without Frappe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

IMPORT_ALL_OF_CORE = """
import importlib, pkgutil, sys

class NoFrappe:
	def find_spec(self, name, path=None, target=None):
		if name.split(".")[0] in ("frappe", "erpnext", "frappe_mpsa_payments"):
			raise ImportError(f"core must not import {name}")
		if name.startswith("mikrotik_integration.simulators"):
			raise ImportError("core must not import what plays its other side")

sys.meta_path.insert(0, NoFrappe())
import mikrotik_integration.core as core
for module in pkgutil.walk_packages(core.__path__, "mikrotik_integration.core."):
	importlib.import_module(module.name)
	print(module.name)
"""


def test_all_of_core_can_be_imported_where_there_is_no_frappe():
	done = subprocess.run(
		[sys.executable, "-c", IMPORT_ALL_OF_CORE], cwd=ROOT, capture_output=True, text=True, check=False
	)
	assert done.stderr == ""
	imported = set(done.stdout.split())
	files = (ROOT / "mikrotik_integration" / "core").rglob("*.py")
	modules = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
	assert {name for name in modules if not name.endswith("__init__")} <= imported
