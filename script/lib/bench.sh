# shellcheck shell=bash disable=SC2034
# A Frappe bench: finding it, its services, this checkout as its app, and sites on it.
#
# Frappe's commands run as the bench's owner through the bench's own Python (what the bench command does
# itself), so that it does not matter where that command is installed.

DB_ROOT_USERNAME="${DB_ROOT_USERNAME:-root}"
DB_ROOT_PASSWORD="${DB_ROOT_PASSWORD:-root}"
CODE="$ROOT"
FRAPPE_REDIS_CACHE=""
FRAPPE_REDIS_QUEUE=""

is_bench() { [[ -d "$1/apps/frappe" && -x "$1/env/bin/python" && -d "$1/sites" ]]; }

# Sets BENCH and BENCH_USER; fails if there is no bench (yet).
find_bench() {
	local place
	if [[ -n "${BENCH:-}" ]]; then
		[[ -e "$BENCH" ]] || return 1
		is_bench "$BENCH" || die "BENCH=$BENCH is not a Frappe bench (no apps/frappe, env or sites in it)"
		use_bench "$BENCH"
		return 0
	fi
	for place in "$HOME/frappe-bench" "$(home_of frappe)/frappe-bench"; do
		if is_bench "$place"; then
			use_bench "$place"
			return 0
		fi
	done
	return 1
}

use_bench() {
	BENCH="$(cd "$1" && pwd)"
	BENCH_USER="$(stat -c %U "$BENCH")"
	BENCH_PYTHON="$BENCH/env/bin/python"
}

home_of() { { getent passwd "$1" || true; } | cut -d: -f6; }

# Runs a command as the bench's owner.
as_bench() {
	local home
	home="$(home_of "$BENCH_USER")"
	if [[ "$(id -un)" == "$BENCH_USER" ]]; then
		"$@"
	elif [[ "$(id -u)" == 0 ]]; then
		runuser -u "$BENCH_USER" -- env HOME="$home" USER="$BENCH_USER" LOGNAME="$BENCH_USER" "$@"
	else
		sudo -n -u "$BENCH_USER" -- env HOME="$home" "$@"
	fi
}

# Runs a command in the bench's sites folder, with this checkout's code and our Redis.
in_bench() {
	(cd "$BENCH/sites" && as_bench env PYTHONPATH="$CODE" PYTHONDONTWRITEBYTECODE=1 SITES_PATH="$BENCH/sites" \
		FRAPPE_REDIS_CACHE="$FRAPPE_REDIS_CACHE" FRAPPE_REDIS_QUEUE="$FRAPPE_REDIS_QUEUE" "$@")
}

# Runs a Frappe command ("--site x migrate").
frappe() { in_bench "$BENCH_PYTHON" -m frappe.utils.bench_helper frappe "$@"; }

as_root() {
	if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# --- services ---

config_value() {
	"$BENCH_PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], sys.argv[3]))' \
		"$BENCH/sites/common_site_config.json" "$1" "$2"
}

# MariaDB as it is; a Redis of our own, so that workers of this bench that are running do not take our jobs.
ensure_services() {
	ensure_mariadb
	command -v redis-server >/dev/null || die "Redis is not installed: apt-get install redis-server"
	start_redis && FRAPPE_REDIS_CACHE="$REDIS_URL"
	start_redis && FRAPPE_REDIS_QUEUE="$REDIS_URL"
}

ensure_mariadb() {
	local port
	port="$(config_value db_port 3306)"
	[[ "$(config_value db_host 127.0.0.1)" =~ ^(localhost|127\.0\.0\.1)$ ]] || return 0
	port_open "$port" && return 0
	say "Starting MariaDB ..."
	start_mariadb_service || start_mariadbd
	wait_for_port "$port" 120 || die "MariaDB does not start: look into its log (/var/log/mysql)"
}

start_mariadb_service() {
	local name
	for name in mariadb mysql; do
		if as_root service "$name" start >/dev/null 2>&1; then
			undo_at_exit as_root service "$name" stop
			return 0
		fi
	done
	return 1
}

start_mariadbd() {
	command -v mariadbd-safe >/dev/null || die "MariaDB is not installed: apt-get install mariadb-server"
	start_service mariadb as_root mariadbd-safe --user=mysql
}

# Starts a Redis on a free port, sets REDIS_URL.
start_redis() {
	local port
	port="$(free_port)"
	start_service "redis-$port" redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly no --dir "$WORK"
	wait_for_port "$port" || die "Redis does not start: $(tail -n 3 "$WORK/redis-$port.log")"
	REDIS_URL="redis://127.0.0.1:$port"
}

# --- the app ---

readable_by_bench() { as_bench test -r "$ROOT/setup.py" -a -x "$ROOT/$APP" 2>/dev/null; }

# copy_checkout TARGET: what is in the checkout, without what tools left in it.
copy_checkout() {
	as_bench mkdir -p "$1"
	tar -C "$ROOT" -cf - --exclude=./.git --exclude=./.venv --exclude='.*_cache' --exclude=__pycache__ \
		--exclude=./.hypothesis --exclude=node_modules . | as_bench tar -C "$1" -xf - --no-same-owner
}

# Makes the bench run this checkout's code. A bench that has the app from elsewhere keeps it; the commands
# started here are then pointed at this checkout by PYTHONPATH.
ensure_app() {
	local place="$BENCH/apps/$APP"
	if [[ "$(realpath -m "$place")" == "$ROOT" ]]; then
		CODE="$ROOT"
	elif [[ -f "$place/$APP/hooks.py" && ! -e "$place/.copied" ]]; then
		use_own_code
	else
		install_copy "$place"
		CODE="$place"
	fi
	ensure_installed "$place"
}

use_own_code() {
	CODE="$ROOT"
	readable_by_bench && return 0
	CODE="$WORK/code"
	as_root install -d -o "$BENCH_USER" "$CODE"
	copy_checkout "$CODE"
}

install_copy() {
	local place="$1"
	say "Copying the app into $place ..."
	as_bench rm -rf "$place.new"
	copy_checkout "$place.new"
	as_bench touch "$place.new/.copied"
	as_bench rm -rf "$place"
	as_bench mv "$place.new" "$place"
	# a worker makes a new process for each job: it would compile the app each time
	as_bench "$BENCH_PYTHON" -m compileall -q "$place/$APP"
}

ensure_installed() {
	if ! app_requirements_met; then
		say "Installing the app's Python requirements into the bench ..."
		quietly as_bench "$BENCH_PYTHON" -m pip install -q -e "$1" || die "pip cannot install $1"
	fi
	grep -qx "$APP" "$BENCH/sites/apps.txt" || add_to_apps_txt
	ensure_assets_link "$1"
}

add_to_apps_txt() {
	local list="$BENCH/sites/apps.txt" newline=""
	[[ -z "$(tail -c 1 "$list")" ]] || newline=$'\n'
	printf '%s%s\n' "$newline" "$APP" | as_bench tee -a "$list" >/dev/null
}

ensure_assets_link() {
	as_bench mkdir -p "$BENCH/sites/assets"
	[[ -e "$BENCH/sites/assets/$APP" ]] || as_bench ln -sfn "$1/$APP/public" "$BENCH/sites/assets/$APP"
}

# Whether the bench's Python finds the app without our help, and all that it requires.
app_requirements_met() {
	(cd / && as_bench "$BENCH_PYTHON" - "$APP" <"$ROOT/script/lib/requirements_met.py") >/dev/null 2>&1
}

# --- sites ---

# The database's administrator for new sites. Where root's password is not ours but we are root on this machine,
# MariaDB lets us in by its socket, and we make an administrator of our own.
ensure_db_admin() {
	db_admin_works && return 0
	local client=mariadb
	command -v mariadb >/dev/null || client=mysql
	DB_ROOT_USERNAME=frappe_admin
	as_root "$client" >/dev/null 2>&1 <<-SQL || die "MariaDB refuses root: set DB_ROOT_PASSWORD"
		CREATE USER IF NOT EXISTS '$DB_ROOT_USERNAME'@'localhost' IDENTIFIED BY '$DB_ROOT_PASSWORD';
		CREATE USER IF NOT EXISTS '$DB_ROOT_USERNAME'@'127.0.0.1' IDENTIFIED BY '$DB_ROOT_PASSWORD';
		GRANT ALL PRIVILEGES ON *.* TO '$DB_ROOT_USERNAME'@'localhost' WITH GRANT OPTION;
		GRANT ALL PRIVILEGES ON *.* TO '$DB_ROOT_USERNAME'@'127.0.0.1' WITH GRANT OPTION;
	SQL
	db_admin_works || die "MariaDB refuses $DB_ROOT_USERNAME: set DB_ROOT_USERNAME and DB_ROOT_PASSWORD"
}

db_admin_works() {
	DB_USER="$DB_ROOT_USERNAME" DB_PASSWORD="$DB_ROOT_PASSWORD" DB_PORT="$(config_value db_port 3306)" \
		"$BENCH_PYTHON" - 2>/dev/null <<-'PY'
			import os
			from importlib import import_module

			try:
			    driver = import_module("MySQLdb")
			except ImportError:
			    driver = import_module("pymysql")
			driver.connect(
			    host="127.0.0.1",
			    port=int(os.environ["DB_PORT"]),
			    user=os.environ["DB_USER"],
			    password=os.environ["DB_PASSWORD"],
			)
		PY
}

# The apps on a site, one a line; nothing if there is no such site or it is broken.
site_apps() { { frappe --site "$1" list-apps 2>/dev/null || true; } | awk '{print $1}'; }

# ensure_site SITE ADMIN_PASSWORD: a site with ERPNext, the M-PESA app and this one, its schema up to date.
ensure_site() {
	local apps
	apps="$(site_apps "$1")"
	if ! grep -qx frappe_mpsa_payments <<<"$apps"; then
		make_site "$1" "$2"
		apps="$(site_apps "$1")"
	fi
	if ! grep -qx "$APP" <<<"$apps"; then
		step "Installing the app on $1"
		quietly frappe --site "$1" install-app "$APP" || die "The app cannot be installed on $1"
		remember_schema "$1"
	elif [[ "$(schema_of_code)" != "$(cat "$BENCH/sites/$1/.$APP.schema" 2>/dev/null)" ]]; then
		step "Migrating $1"
		quietly frappe --site "$1" migrate --skip-search-index || die "$1 cannot be migrated"
		remember_schema "$1"
	fi
}

make_site() {
	ensure_db_admin
	step "Making the site $1 with ERPNext (some minutes, once)"
	as_bench rm -rf "${BENCH:?}/sites/$1"
	quietly frappe new-site "$1" --force --admin-password "$2" --db-root-username "$DB_ROOT_USERNAME" \
		--db-root-password "$DB_ROOT_PASSWORD" --install-app erpnext || die "The site $1 cannot be made"
	quietly frappe --site "$1" install-app frappe_mpsa_payments || die "frappe_mpsa_payments does not install"
}

remember_schema() {
	schema_of_code | as_bench tee "$BENCH/sites/$1/.$APP.schema" >/dev/null
}

# What decides whether a site must be migrated: the app's records and hooks, and Frappe's and ERPNext's versions.
schema_of_code() {
	{
		find "$ROOT/$APP" -name '*.json' -print0 | sort -z | xargs -0 cat
		cat "$ROOT/$APP"/{hooks,install,custom_fields}.py "$ROOT/$APP/patches.txt" 2>/dev/null
		cat "$BENCH"/apps/{frappe/frappe,erpnext/erpnext,frappe_mpsa_payments/frappe_mpsa_payments}/__init__.py
	} | sha256sum | cut -c1-16
}
