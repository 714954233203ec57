#!/bin/bash
# A private stack in one folder, as whoever calls: database, cache, web server, responders and the daemon. It uses
# nothing of the machine's services; what it started it knows by pid and start time, and it stops exactly that.
#
# usage: stack.sh start|stop|status DIR           the whole of it; start again is cheap and renews what has changed
#        stack.sh start|stop|kill DIR PIECE       one of mariadb memcached nginx cgi daemon, runway elevenlabs; kill: SIGKILL
#        stack.sh pid DIR PIECE                   its process id; fails when it does not run
#
# DIR/stack.env says where to reach it (URL, CONFIG, DB_SOCKET, CACHE_SOCKET, CGI_SOCKET), DIR/log/ what went wrong.
# Settings: DIR/etc/extra.conf (lines of videod.conf) and VIDEOD_* in the environment. STACK_PORT: the first port to
# try (8080), or "any"; STACK_BIN: where the programs are (build); STACK_POOL: how many responders (4); STACK_PROVIDER:
# "emulated" for scenes and voices from the emulators of the vendors, "local", the default, for ffmpeg's own. STACK_DB:
# a database's folder to copy, instead of installing a new one. STACK_FILMS: FILMS of docs/operating.md.
set -euo pipefail
umask 077
PATH=$PATH:/usr/sbin:/sbin # not in every user's

ROOT=$(cd "$(dirname "$0")/.." && pwd)
BIN=$(realpath -m "${STACK_BIN:-$ROOT/build}")
PIECES='mariadb memcached nginx runway elevenlabs cgi daemon'
VENDORS='runway elevenlabs'
SOCKET_MAX=107 # sun_path of unix(7), less its NUL
LONGEST_NAME=/memcached.sock
declare -A STOP_SEC=([mariadb]=60 [memcached]=10 [nginx]=10 [cgi]=15 [daemon]=30)
START_SEC=60

die() {
	echo "stack: $*" >&2
	exit 1
}

# --- processes ---

# The start time of a process, which with its pid is unique; nothing when it has ended, reaped or not.
start_time() {
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	read -ra stat <<<"${stat##*) }"
	[[ ${stat[0]} == Z ]] || echo "${stat[19]}"
}

# Sets PID and STAMP of a piece that runs.
alive() {
	local began

	[ -e "$DIR/pid/$1" ] || return 1
	read -r PID began STAMP <"$DIR/pid/$1"
	[[ -n $began && $(start_time "$PID") == "$began" ]]
}

# Whether path is a listening socket, or one that takes datagrams. The kernel still tells the path of one whose folder
# has been removed: it has to be there, too.
is_bound() {
	[ -S "$1" ] && grep -F " $1" /proc/net/unix 2>/dev/null |
		grep -qE '^[^ ]+ [^ ]+ [^ ]+ 00010000 |^[^ ]+ [^ ]+ [^ ]+ 00000000 0002 '
}

# What a piece was started with: another stamp, and it is started anew.
stamp() {
	local config=$1 program
	shift
	program=$(command -v "$1") || die "there is no $1; run make first"
	{
		printf '%s\n' "$@"
		env | grep '^VIDEOD_' | sort || true
		stat -c '%i %Y' "$program"
		# shellcheck disable=SC2086 # a list of files
		[ -z "$config" ] || (cd "$DIR" && cat $config)
	} | cksum | tr ' ' -
}

# Starts PIECE unless it runs as asked, and waits until READY says so. usage: run_piece PIECE CONFIG READY... -- COMMAND...
run_piece() {
	local piece=$1 config=$2 ready=() deadline wanted
	shift 2
	while [ "$1" != -- ]; do
		ready+=("$1")
		shift
	done
	shift

	wanted=$(stamp "$config" "$@") || return 1
	if alive "$piece"; then
		[ "$STAMP" != "$wanted" ] || return 0
		stop_piece "$piece"
	elif [ -e "$DIR/pid/$piece" ]; then
		echo "stack: $piece ended without being asked; starting it again (see $DIR/log/$piece.log)" >&2
	fi

	setsid "$@" </dev/null >>"$DIR/log/$piece.log" 2>&1 9>&- &
	echo "$! $(start_time $!) $wanted" >"$DIR/pid/$piece"
	deadline=$((SECONDS + START_SEC))
	until "${ready[@]}"; do
		alive "$piece" || return 1
		((SECONDS < deadline)) || die "$piece is not ready in time; see $DIR/log/$piece.log"
		sleep 0.02
	done
}

must_run() {
	run_piece "$@" && return
	rm -f "$DIR/pid/$1"
	tail -n 5 "$DIR/log/$1.log" >&2
	die "$1 does not start; see $DIR/log/$1.log"
}

# $2: a signal to begin with.
stop_piece() {
	local deadline

	if alive "$1"; then
		kill "-${2:-TERM}" "$PID" 2>/dev/null || true
		deadline=$((SECONDS + STOP_SEC[$1]))
		while alive "$1"; do
			((SECONDS < deadline)) || kill -KILL "$PID" 2>/dev/null || true
			sleep 0.02
		done
		# what a master leaves behind of its own workers; the daemon's children have groups of their own
		kill -KILL -- "-$PID" 2>/dev/null || true
	elif [ -e "$DIR/pid/$1" ]; then
		echo "stack: $1 had ended already" >&2
	fi
	rm -f "$DIR/pid/$1"
}

# --- the pieces ---

# By way of a link, because mariadb-install-db cannot cope with a blank in a path.
install_database() {
	local link

	link=$(mktemp -d /tmp/videod.XXXXXX)
	ln -s "$DIR" "$link/dir"
	rm -rf "$DIR/db.new"
	# a temporary folder of its own: a starting server removes the temporary tables of every other one from a shared one
	# --force: also on a machine that cannot look up its own name
	TMPDIR=$link mariadb-install-db --no-defaults --force --datadir="$link/dir/db.new" \
		--auth-root-authentication-method=normal --skip-test-db "$@" >"$DIR/log/mariadb.log" 2>&1 || {
		rm -r "$link"
		die "mariadb-install-db failed; see $DIR/log/mariadb.log"
	}
	rm -r "$link"
	mv "$DIR/db.new" "$DIR/db"
}

start_mariadb() {
	local account=()

	[ "$(id -u)" != 0 ] || account=(--user=root)
	if [ ! -d "$DIR/db" ] && [ -n "${STACK_DB:-}" ]; then
		rm -rf "$DIR/db.new"
		cp -r --sparse=always "$STACK_DB" "$DIR/db.new" && mv "$DIR/db.new" "$DIR/db"
	elif [ ! -d "$DIR/db" ]; then
		install_database "${account[@]}"
	fi
	must_run mariadb '' is_bound "$DB_SOCKET" -- mariadbd --no-defaults --datadir="$DIR/db" --socket="$DB_SOCKET" \
		--pid-file="$DIR/db/mariadbd.pid" --tmpdir="$DIR/tmp" --skip-networking --skip-name-resolve --skip-log-bin \
		--innodb-buffer-pool-size=64M --innodb-log-file-size=32M --innodb-flush-log-at-trx-commit=1 \
		--performance-schema=off --max-connections=200 --character-set-server=utf8mb4 "${account[@]}"
	mariadb --no-defaults --user=root --socket="$DB_SOCKET" <<-SQL || die "the database does not answer"
		CREATE DATABASE IF NOT EXISTS videod CHARACTER SET utf8mb4;
		CREATE USER IF NOT EXISTS videod@localhost;
		GRANT ALL ON videod.* TO videod@localhost;
	SQL
}

start_memcached() {
	local account=()

	[ "$(id -u)" != 0 ] || account=(-u root)
	must_run memcached '' is_bound "$CACHE_SOCKET" -- \
		memcached -s "$CACHE_SOCKET" -a 0600 -m 32 -c 512 "${account[@]}"
}

answers() { ! is_port_free "$1"; }
is_port_free() {
	! grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:[0-9A-F]+ 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# The port of last time, if it is free, or the next free one.
next_port() {
	local port

	if [ -z "${1:-}" ] && port=$(cat "$DIR/port" 2>/dev/null) && { alive nginx || is_port_free "$port"; }; then
		echo "$port"
		return
	fi
	port=${1:-${STACK_PORT:-8080}}
	[ "$port" != any ] || port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
	until is_port_free "$port"; do
		((++port < 65536)) || die "no free port"
	done
	echo "$port"
}

fill_nginx() {
	local user=

	[ "$(id -u)" != 0 ] || user='user root;'
	"$ROOT/nginx/fill.sh" "$DIR/nginx" CONF="$DIR/nginx" RUN="$DIR" USER="$user" LISTEN="127.0.0.1:$1" \
		CGI="$CGI_SOCKET" MEMCACHED="unix:$CACHE_SOCKET" MEDIA="$DIR/media" ASSETS="$DIR/share" \
		DASHBOARD="$ROOT/dashboard" FILMS="${STACK_FILMS:-}"
}

# nginx writes its pid file when it listens; it ends when somebody was quicker to take the port.
start_nginx() {
	local port files='nginx/nginx.conf nginx/conf.d/videod.conf nginx/sites-available/videod nginx/snippets/videod.conf
		nginx/snippets/videod-headers.conf'

	port=$(next_port)
	alive nginx || rm -f "$DIR/nginx/nginx.pid"
	for _ in {1..20}; do
		fill_nginx "$port"
		echo "$port" >"$DIR/port"
		if run_piece nginx "$files" test -e "$DIR/nginx/nginx.pid" -- nginx -p "$DIR/nginx/" \
			-e "$DIR/log/nginx.log" -c "$DIR/nginx/nginx.conf" -g 'daemon off;'; then
			return
		fi
		! is_port_free "$port" || break
		port=$(next_port $((port + 1)))
	done
	tail -n 5 "$DIR/log/nginx.log" >&2
	die "nginx does not start; see $DIR/log/nginx.log"
}

# A key of the form that the vendor gives, made once.
vendor_key() {
	local file=$DIR/etc/$1.key prefix=sk_ bytes=24

	[ "$1" = elevenlabs ] || prefix=key_ bytes=64
	[ -e "$file" ] || echo "$prefix$(od -An -N$bytes -tx1 /dev/urandom | tr -d ' \n')" >"$file"
	echo "$file"
}

# On the port of last time, so that what the daemon was told stays true.
start_vendor() {
	local port

	port=$(sed -n 's/.*://p' "$DIR/$1.url" 2>/dev/null) || true
	[ -n "$port" ] || port=$(STACK_PORT=any next_port any)
	must_run "$1" '' answers "$port" -- /usr/bin/python3 "$ROOT/tests/emulators/$1.py" --port "$port" \
		--state "$DIR/$1" --key-file "$(vendor_key "$1")"
	echo "http://127.0.0.1:$port" >"$DIR/$1.url"
}
start_runway() { start_vendor runway; }
start_elevenlabs() { start_vendor elevenlabs; }

vendor_settings() {
	local vendor

	for vendor in $VENDORS; do
		[ -e "$DIR/$vendor.url" ] || continue
		printf '%s\n' "${vendor}_url = $(cat "$DIR/$vendor.url")" "${vendor}_api_key = $DIR/etc/$vendor.key"
	done
	[ ! -e "$DIR/runway.url" ] || printf '%s\n' 'scene_provider = runway' 'runway_poll_ms = 1000'
	[ ! -e "$DIR/elevenlabs.url" ] || printf '%s\n' 'voice_provider = elevenlabs'
}

write_config() {
	local extra=$DIR/etc/extra.conf

	touch "$extra"
	cat >"$DIR/etc/base.conf" <<-CONF
		db_socket = $DB_SOCKET
		cache_server = $CACHE_SOCKET
		wake_socket = $WAKE_SOCKET
		work_dir = $DIR/work
		media_dir = $DIR/media
		bought_dir = $DIR/bought
		uploads_dir = $DIR/uploads
		assets_dir = $DIR/share
		lettering = $BIN/videod-lettering
		drain_sec = 10
	CONF
	vendor_settings >>"$DIR/etc/base.conf"
	# a key of extra.conf counts instead of ours
	awk -F ' *= *' 'FILENAME == ARGV[1] { given[$1]; next } !($1 in given)' "$extra" "$DIR/etc/base.conf" |
		cat - "$extra" >"$DIR/etc/videod.conf"
}

start_cgi() {
	write_config
	must_run cgi etc/videod.conf is_bound "$CGI_SOCKET" -- "$BIN/videod-cgi" --config "$DIR/etc/videod.conf" \
		--listen "$CGI_SOCKET" --pool "${STACK_POOL:-4}"
}

start_daemon() {
	write_config
	must_run daemon etc/videod.conf is_bound "$WAKE_SOCKET" -- "$BIN/videod" --config "$DIR/etc/videod.conf"
}

# --- the whole ---

choose_sockets() {
	local LC_ALL=C folder=$DIR/sock

	if ((${#folder} + ${#LONGEST_NAME} > SOCKET_MAX)); then
		[ -d "$(cat "$DIR/sockets" 2>/dev/null)" ] || mktemp -d /tmp/videod.XXXXXX >"$DIR/sockets"
		folder=$(<"$DIR/sockets")
	fi
	DB_SOCKET=$folder/mariadb.sock CACHE_SOCKET=$folder/memcached.sock
	CGI_SOCKET=$folder/cgi.sock WAKE_SOCKET=$folder/wake.sock
}

# The emulators run where they are asked for, and then until they are not.
choose_vendors() {
	local vendor

	for vendor in $VENDORS; do
		if [ "${STACK_PROVIDER:-local}" = emulated ]; then
			start_vendor "$vendor"
		else
			stop_piece "$vendor"
			rm -f "$DIR/$vendor.url"
		fi
	done
}

start_all() {
	start_mariadb
	start_memcached
	start_nginx
	choose_vendors
	write_config
	"$BIN/videoctl" --config "$DIR/etc/videod.conf" migrate --dir "$ROOT/db" >>"$DIR/log/migrate.log" 2>&1 || {
		tail -n 5 "$DIR/log/migrate.log" >&2
		die "the database could not be migrated; see $DIR/log/migrate.log"
	}
	start_cgi
	start_daemon
}

# Lines that a shell can read.
write_env() {
	printf '%s=%q\n' URL "http://127.0.0.1:$(cat "$DIR/port")" CONFIG "$DIR/etc/videod.conf" DB_SOCKET "$DB_SOCKET" \
		CACHE_SOCKET "$CACHE_SOCKET" CGI_SOCKET "$CGI_SOCKET" WAKE_SOCKET "$WAKE_SOCKET" >"$DIR/stack.env"
}

stop_all() {
	local piece

	for piece in daemon cgi $VENDORS nginx memcached mariadb; do
		stop_piece "$piece"
	done
	[ ! -e "$DIR/sockets" ] || rm -rf "$(cat "$DIR/sockets")" "$DIR/sockets"
}

show_status() {
	local piece

	for piece in $PIECES; do
		if alive "$piece"; then
			echo "$piece runs as process $PID"
		elif [[ " $VENDORS " != *" $piece "* ]]; then
			echo "$piece does not run"
		fi
	done
}

[ $# -ge 2 ] || {
	sed -n 's/^# *\(usage: \)\?stack.sh/usage: stack.sh/p' "$0" >&2
	exit 2
}
COMMAND=$1 DIR=$(realpath -m "$2") PIECE=${3:-}
[[ -z $PIECE || " $PIECES " == *" $PIECE "* ]] || die "there is no piece called $PIECE"
if [ ! -d "$DIR/pid" ] && [ "$COMMAND" != start ]; then
	[ "$COMMAND" = stop ] || die "nothing was started in $DIR"
	exit 0
fi
mkdir -p "$DIR"/{bought,etc,log,media,nginx,pid,share,sock,tmp,uploads,work}
ln -sfn "$BIN/music" "$DIR/share/music"
ln -sfn "$ROOT/assets/photos" "$DIR/share/photos"
exec 9>"$DIR/lock"
flock -w 300 9 || die "somebody else is at work in $DIR"
choose_sockets

case $COMMAND${PIECE:+-piece} in
start)
	start_all
	write_env
	;;
start-piece) "start_$PIECE" ;;
stop) stop_all ;;
stop-piece) stop_piece "$PIECE" ;;
kill-piece) stop_piece "$PIECE" KILL ;;
pid-piece) alive "$PIECE" && echo "$PID" ;;
status) show_status ;;
*) die "there is no command $COMMAND like that" ;;
esac
