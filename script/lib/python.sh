# shellcheck shell=bash disable=SC2034
# A Python with the app's dependencies and the developers' tools.

TEST_MODULES="pytest hypothesis librouteros requests cryptography qrcode"
LINT_MODULES="ruff mypy"

# has_modules PYTHON MODULE...
has_modules() {
	local python="$1"
	shift
	"$python" - "$@" >/dev/null 2>&1 <<'PY'
import sys
from importlib.util import find_spec

sys.exit(sys.version_info < (3, 10) or any(find_spec(name) is None for name in sys.argv[1:]))
PY
}

# first_python MODULE...: the first Python at hand that has these modules.
first_python() {
	local python
	for python in "$ROOT/.venv/bin/python" python3 python; do
		if command -v "$python" >/dev/null && has_modules "$python" "$@"; then
			command -v "$python"
			return 0
		fi
	done
	return 1
}

# dev_python MODULE...: the same, making .venv with the [test] extra if there is none.
dev_python() {
	first_python "$@" && return 0
	make_venv >&2 || return 1
	first_python "$@"
}

make_venv() {
	local base
	base="$(base_python)" || return 1
	say "Making .venv with the developers' tools ..."
	quietly "$base" -m venv "$ROOT/.venv" && quietly "$ROOT/.venv/bin/python" -m pip install -q -e "${ROOT}[test]"
}

base_python() {
	local python
	for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
		if command -v "$python" >/dev/null && has_modules "$python" venv ensurepip; then
			printf '%s\n' "$python"
			return 0
		fi
	done
	say "Python 3.10 or newer with venv is needed: apt-get install python3 python3-venv" >&2
	return 1
}
