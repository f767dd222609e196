# Sourced by ./lipstream and ./check: finds JDK 25 and sees to native libraries. Expects $home.

say() { printf 'lipstream: %s\n' "$*" >&2; }
die() { local code=$1; shift; printf 'lipstream: %s\n' "$@" >&2; exit "$code"; }

# The release file names the version without starting a JVM.
is_jdk25() {
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  local major
  major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  [ -n "$major" ] && [ "$major" -ge 25 ]
}

find_jdk() {
  local candidates=("${LIPSTREAM_JAVA_HOME:-}" "${JAVA_HOME:-}") on_path candidate
  if on_path=$(command -v java); then
    candidates+=("$(dirname "$(dirname "$(readlink -f "$on_path")")")")
  fi
  for candidate in /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* "$HOME"/.jdks/* "$HOME"/.sdkman/candidates/java/* \
      /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    candidates+=("$candidate")
  done
  for candidate in "${candidates[@]}"; do
    if [ -n "$candidate" ] && is_jdk25 "$candidate"; then printf '%s' "$candidate"; return; fi
  done
  return 1
}

# FFmpeg's build is linked against VA-API's libraries even where no GPU is used.
check_native_libraries() {
  [ "$(uname -s)" = Linux ] || return 0
  local known missing=() name
  known=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) || true)
  for name in libva.so.2:libva2 libva-drm.so.2:libva-drm2 libva-x11.so.2:libva-x11-2; do
    case $known in *"${name%%:*} "*) ;; *) missing+=("${name##*:}") ;; esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local command="apt-get install -y ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    say "FFmpeg needs ${missing[*]} (VA-API): install them with this system's package tool."
    return 0
  fi
  if [ "$(id -u)" = 0 ]; then
    say "installing ${missing[*]}, which FFmpeg needs"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive $command; } >"$home/target/apt.log" 2>&1 \
      || die 6 "could not install ${missing[*]}; see $home/target/apt.log, or run: $command"
  elif [ -t 0 ] && [ -t 2 ] && command -v sudo >/dev/null; then
    read -r -p "lipstream: FFmpeg needs ${missing[*]}. Install with sudo now? [Y/n] " answer
    case $answer in [nN]*) die 6 "then run: sudo $command" ;; esac
    sudo apt-get update -q >&2 && sudo $command >&2 || die 6 "that failed; run: sudo $command"
  else
    die 6 "FFmpeg needs ${missing[*]}, which this system lacks. Run: sudo $command"
  fi
}
