# shellcheck shell=bash disable=SC2034
# What every script here needs: words, the checkout's path, and what is to be undone at exit.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
APP=mikrotik_integration
WORK="$(mktemp -d "${TMPDIR:-/tmp}/$APP.XXXXXX")"
chmod 755 "$WORK"
STARTED_PIDS=()
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

# remember_pid PID: end this process, which we started, at exit.
remember_pid() { STARTED_PIDS+=("$1"); }

# undo_at_exit COMMAND...: run this at exit (words without spaces).
undo_at_exit() { UNDO+=("$*"); }

stop_process() {
	local tries
	kill "$1" 2>/dev/null || return 0
	for ((tries = 0; tries < 40; tries++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.25
	done
	kill -KILL "$1" 2>/dev/null || true
}

clean_up() {
	local i words
	for ((i = ${#STARTED_PIDS[@]} - 1; i >= 0; i--)); do
		stop_process "${STARTED_PIDS[$i]}"
	done
	for ((i = ${#UNDO[@]} - 1; i >= 0; i--)); do
		read -ra words <<<"${UNDO[$i]}"
		"${words[@]}" >/dev/null 2>&1 || true
	done
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
