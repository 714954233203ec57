#!/bin/bash
# Installs the Debian packages that are missing, and makes the sample pictures. usage: setup.sh GROUP... (see PACKAGES)
# As root, or by sudo. It starts, restarts and enables no service of this machine: what we run, we run ourselves.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A PACKAGES=(
	[run]='
		ffmpeg libpangocairo-1.0-0
		fonts-dejavu-core fonts-lato fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core fonts-open-sans
		fonts-roboto-unhinted fonts-symbola fonts-wqy-zenhei
		mariadb-server-core mariadb-client-core memcached nginx
		curl lomiri-wallpapers-16.04'
	[build]='
		gcc libc6-dev make pkgconf
		libcairo2-dev libcurl4-openssl-dev libfcgi-dev libjson-c-dev libmariadb-dev libmemcached-dev
		libpango1.0-dev libssl-dev libsystemd-dev libxml2-dev uuid-dev'
	[check]='
		ceph-common ceph-mon ceph-osd chromium chromium-driver libcmocka-dev mandoc mariadb-client nodejs npm
		openssl python3 python3-pytest python3-selenium radosgw s3cmd shellcheck swift-account swift-container
		swift-object swift-proxy systemd valgrind'
	[bench]='
		awscli'
	[lint]='
		clang-format clang-tidy cppcheck'
)
POLICY=/usr/sbin/policy-rc.d
LOG=build/setup.log

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]]; }

wanted() {
	local group
	for group; do
		# shellcheck disable=SC2086 # a list of words
		printf '%s\n' ${PACKAGES[$group]:?no such group of packages}
	done
}

# What is installed, and what that provides: npm may have come with nodejs.
installed() {
	dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null | sed -n 's/^installed //p' | tr -s ', ' '[\n*]'
}

missing() { comm -23 <(wanted "$@" | sort -u) <(installed | sort -u); }

# While this file says no, no package starts a service. An administrator's own is left alone.
forbid_services() {
	[ -e "$POLICY" ] && return
	trap 'rm -f "$POLICY"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$POLICY"
	chmod 755 "$POLICY"
}

# The services that begin with the machine, but the ones of systemd itself.
enabled_services() {
	{ find /etc/systemd/system -type l -path '*.wants/*' -printf '%f\n' && find /etc/rc[2-5].d -name 'S*' -printf '%f\n'; } \
		2>/dev/null | sed 's/^S[0-9][0-9]//' | sort -u |
		comm -23 - <(dpkg -L systemd 2>/dev/null | sed 's/.*\///' | sort -u) || true
}

disable_service() {
	if command -v systemctl >/dev/null; then
		systemctl --quiet disable "$1" 2>/dev/null || true
	else
		update-rc.d "${1%.service}" disable 2>/dev/null || true
	fi
}

apt_install() {
	apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

# As root: packages to install. Theirs, and of what they need, are many services; none that is new stays enabled.
install_packages() {
	local service before

	export DEBIAN_FRONTEND=noninteractive LC_ALL=C NEEDRESTART_MODE=l
	before=$(enabled_services)
	forbid_services
	compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-get -q update
	apt_install "$@" || { apt-get -q update && apt_install "$@"; } # the lists may be old
	while read -r service; do
		disable_service "$service"
	done < <(comm -13 <(echo "$before") <(enabled_services))
}

# Packages, as whoever may.
install_as_root() {
	local sudo=()

	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || {
			echo "setup: these packages are missing, and there is neither root nor sudo to install them: $*" >&2
			return 1
		}
		sudo=(sudo)
	fi
	mkdir -p build
	echo "setup: installing, with what they need (log: $LOG): $*"
	"${sudo[@]}" bash demo/setup.sh --install "$@" >$LOG 2>&1 || {
		tail -n 20 $LOG >&2
		echo "setup: apt-get failed; all of its output is in $LOG" >&2
		return 1
	}
}

if [ "${1:-}" = --install ]; then
	install_packages "${@:2}"
	exit
fi
mapfile -t packages < <(missing "$@")
[ ${#packages[@]} = 0 ] || install_as_root "${packages[@]}"
[[ " $* " != *' run '* ]] || demo/photos.sh
