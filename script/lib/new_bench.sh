# shellcheck shell=bash disable=SC2034
# A new bench with Frappe, ERPNext and the M-PESA app on a fresh Debian or Ubuntu, or with what is there.
#
# FRAPPE_APPS=DIR: folders frappe, erpnext, frappe_mpsa_payments instead of the public repositories.

FRAPPE_VERSION="${FRAPPE_VERSION:-15}"
NODE_AT_LEAST=$((FRAPPE_VERSION < 16 ? 18 : 24))
# cron: bench writes a crontab when it makes a bench, and dies without one. libpango, libharfbuzz: for WeasyPrint, which
# makes the sheets of vouchers
PACKAGES="git build-essential pkg-config python3-dev python3-venv libmariadb-dev mariadb-server mariadb-client
	redis-server xz-utils curl cron libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
# ERPNext's PDFs; Debian 14 has it no more. The pages of this app need none
PDF_PACKAGE=wkhtmltopdf

declare -A PUBLIC=(
	[frappe]=https://github.com/frappe/frappe
	[erpnext]=https://github.com/frappe/erpnext
	[frappe_mpsa_payments]=https://github.com/navariltd/frappe-mpsa-payments
)

# make_bench: sets BENCH; fails, having said why, if it cannot be had.
make_bench() {
	local home
	have_sources || return 1
	install_packages || return 1
	install_node || return 1
	BENCH_USER="$(bench_owner)"
	home="$(home_of "$BENCH_USER")"
	BENCH="${BENCH:-$home/frappe-bench}"
	install_bench_command "$home" || return 1
	step "Making the bench $BENCH (Frappe $FRAPPE_VERSION; this takes a while, once)"
	(cd "$home" && quietly bench_command init "$BENCH" --skip-redis-config-generation \
		--frappe-path "$(source_of frappe)" --frappe-branch "$(branch_of frappe)") || return 1
	get_apps || return 1
	use_bench "$BENCH"
	# Frappe 15 needs pkg_resources, which setuptools 81 dropped
	((FRAPPE_VERSION > 15)) || quietly as_bench "$BENCH_PYTHON" -m pip install -q "setuptools<81"
}

have_sources() {
	if [[ -n "${FRAPPE_APPS:-}" ]]; then
		[[ -d "$FRAPPE_APPS/frappe" && -d "$FRAPPE_APPS/erpnext" && -d "$FRAPPE_APPS/frappe_mpsa_payments" ]] && return 0
		say "FRAPPE_APPS=$FRAPPE_APPS lacks frappe, erpnext or frappe_mpsa_payments"
		return 1
	fi
	command -v git >/dev/null || as_root apt-get install -y -q git >/dev/null 2>&1 || true
	timeout 30 git ls-remote -q --heads "${PUBLIC[frappe]}" "version-$FRAPPE_VERSION" >/dev/null 2>&1 && return 0
	say "GitHub cannot be reached: no Frappe from there, and FRAPPE_APPS names no checkouts"
	return 1
}

install_packages() {
	local missing
	missing="$(for package in $PACKAGES; do is_package_installed "$package" || printf '%s ' "$package"; done)"
	if [[ -n "$missing" ]]; then
		step "Installing packages: $missing"
		as_root apt-get update -q >/dev/null || return 1
		# shellcheck disable=SC2086
		apt_install $missing || return 1
	fi
	install_pdf_package
}

is_package_installed() { dpkg -s "$1" >/dev/null 2>&1; }

apt_install() { quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@"; }

install_pdf_package() {
	is_package_installed "$PDF_PACKAGE" && return 0
	apt_install "$PDF_PACKAGE" 2>/dev/null && return 0
	say "This distribution has no $PDF_PACKAGE: PDFs of ERPNext's own documents (invoices, for example) need it, or
Frappe 16 with the print format's PDF Generator set to chrome. Vouchers and receipts of this app print without it."
}

node_major() { node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'; }

# The distribution's Node.js where it is new enough.
install_node() {
	if ! has_node; then
		step "Installing Node.js"
		command -v npm >/dev/null || apt_install npm || return 1
		hash -r
		has_node || { quietly as_root npm install -g n && quietly as_root n "$((FRAPPE_VERSION < 16 ? 20 : 24))"; } || return 1
		hash -r
	fi
	command -v yarn >/dev/null || quietly as_root npm install -g yarn
}

has_node() { (($(node_major || true) + 0 >= NODE_AT_LEAST)); }

# Frappe's commands refuse to run as root: then the bench belongs to a user frappe.
bench_owner() {
	if [[ "$(id -u)" != 0 ]]; then
		id -un
		return 0
	fi
	id frappe >/dev/null 2>&1 || useradd --create-home --shell /bin/bash frappe
	printf 'frappe\n'
}

install_bench_command() {
	[[ -x "$1/bench-env/bin/bench" ]] && return 0
	step "Installing the bench command"
	(cd "$1" && quietly as_bench python3 -m venv "$1/bench-env" &&
		quietly as_bench "$1/bench-env/bin/pip" install -q frappe-bench)
}

bench_command() {
	local home
	home="$(home_of "$BENCH_USER")"
	as_bench env PATH="$home/bench-env/bin:$PATH" "$home/bench-env/bin/bench" "$@"
}

get_apps() {
	local app
	for app in erpnext frappe_mpsa_payments; do
		step "Getting $app"
		(cd "$BENCH" && quietly bench_command get-app --branch "$(branch_of "$app")" "$(source_of "$app")") || return 1
	done
}

# Where bench clones an app from. A checkout is cloned once more, so that bench may read it whoever owns it.
source_of() {
	local copy="$WORK/apps/$1"
	if [[ -z "${FRAPPE_APPS:-}" ]]; then
		printf '%s\n' "${PUBLIC[$1]}"
		return 0
	fi
	[[ -d "$copy" ]] || copy_app "$FRAPPE_APPS/$1" "$copy" >&2
	printf 'file://%s\n' "$copy"
}

branch_of() {
	if [[ -n "${FRAPPE_APPS:-}" ]]; then printf 'demo\n'; else printf 'version-%s\n' "$FRAPPE_VERSION"; fi
}

copy_app() {
	mkdir -p "$2"
	tar -C "$1" -cf - --exclude=./.git --exclude=node_modules --exclude=__pycache__ . | tar -C "$2" -xf - --no-same-owner
	git -C "$2" init -q -b demo
	git -C "$2" add -A
	git -C "$2" -c user.name=demo -c user.email=demo@localhost commit -q -m "As in $1"
	chown -R "$BENCH_USER" "$WORK/apps"
}
