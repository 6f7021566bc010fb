# shellcheck shell=bash disable=SC2034
# What every script here needs: words, the checkout's path, and what is to be undone at exit.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
APP=mikrotik_integration
WORK="$(mktemp -d "${TMPDIR:-/tmp}/$APP.XXXXXX")"
chmod 755 "$WORK"
STARTED=()
SERVICES=()
UNDO=()

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Runs a command that talks a lot; its words are shown only if it fails.
quietly() {
	local log
	log="$(mktemp "$WORK/log.XXXXXX")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 60 "$log" >&2
		return 1
	fi
}

# Whether something listens on a TCP port of this machine.
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for_port() {
	local tries
	for ((tries = 0; tries < ${2:-60}; tries++)); do
		port_open "$1" && return 0
		sleep 0.5
	done
	return 1
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start NAME COMMAND...: in the background, its words in a log; it and its children end at exit.
start() {
	launch "$@"
	STARTED+=("$LAUNCHED")
}

# start_service NAME COMMAND...: the same for what others need to end in order.
start_service() {
	launch "$@"
	SERVICES+=("$LAUNCHED")
}

launch() {
	local log="$WORK/$1.log"
	shift
	set -m # a process group of its own
	"$@" >"$log" 2>&1 </dev/null &
	set +m
	LAUNCHED=$!
}

# undo_at_exit COMMAND...: run this at exit (words without spaces).
undo_at_exit() { UNDO+=("$*"); }

signal_group() { kill "-$1" -- "-$2" 2>/dev/null || sudo -n kill "-$1" -- "-$2" 2>/dev/null; }

# Ends a process group that we started.
stop_group() {
	local tries
	signal_group TERM "$1" || return 0
	for ((tries = 0; tries < 40; tries++)); do
		signal_group 0 "$1" || return 0
		sleep 0.25
	done
	signal_group KILL "$1" || true
}

# What was started last goes first; Redis and MariaDB, which the others need, after all others.
clean_up() {
	local i words
	trap - ERR
	trap '' INT TERM HUP
	for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do signal_group TERM "${STARTED[$i]}" || true; done
	for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do stop_group "${STARTED[$i]}"; done
	for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do stop_group "${SERVICES[$i]}"; done
	for ((i = ${#UNDO[@]} - 1; i >= 0; i--)); do
		read -ra words <<<"${UNDO[$i]}"
		"${words[@]}" >/dev/null 2>&1 || true
	done
	rm -rf "$WORK"
}
set -E
trap 'printf "%s stopped at %s:%s\n" "$0" "${BASH_SOURCE[0]}" "$LINENO" >&2' ERR
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
