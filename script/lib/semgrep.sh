# shellcheck shell=bash
# Semgrep, and Frappe's rules for it.

RULES_URL=https://github.com/frappe/semgrep-rules
RULES_COMMIT=92e1241cd9894caf478f644e8383f908824b1950

# find_semgrep PYTHON: in .venv, beside this Python, or on the path. It is large: nothing here installs it.
find_semgrep() {
	local semgrep
	for semgrep in "$ROOT/.venv/bin/semgrep" "$(dirname "$1")/semgrep" semgrep; do
		if "$semgrep" --version >/dev/null 2>&1; then
			printf '%s\n' "$semgrep"
			return 0
		fi
	done
	return 1
}

# The folder of the rules: of SEMGREP_RULES (a checkout, or its folder of rules), else of a clone in the user's cache.
find_rules() {
	local place="${SEMGREP_RULES:-${XDG_CACHE_HOME:-$HOME/.cache}/$APP/semgrep-rules-$RULES_COMMIT}"
	[[ -d "$place" ]] || clone_rules "$place" || return 1
	[[ ! -d "$place/rules" ]] || place="$place/rules"
	printf '%s\n' "$place"
}

# Whole or not at all: it is made elsewhere and moved into its place.
clone_rules() {
	local new="$1.$$"
	mkdir -p "$new" && fetch_commit "$new" >/dev/null 2>&1 && mv "$new" "$1" && return 0
	rm -rf "$new"
	return 1
}

fetch_commit() {
	git init -q "$1" && GIT_TERMINAL_PROMPT=0 timeout 60 git -C "$1" fetch -q --depth 1 "$RULES_URL" "$RULES_COMMIT" &&
		git -C "$1" checkout -q FETCH_HEAD
}
