# Runs a command for as long as standard input is open.
#
# usage: sh watchdog.sh FOLDER SECONDS COMMAND...
#
# Prints "pid N" when the command runs and "exit N" when it has ended. When
# standard input ends, which it does when the process at its other end dies in
# whatever way, the command gets TERM and, after SECONDS, KILL; then FOLDER is
# removed. The output of the command goes to FOLDER/server.log.
dir=$1 grace=$2
shift 2
exec 3<&0 </dev/null
"$@" >>"$dir/server.log" 2>&1 3<&- &
child=$!
# Only now, since the command would inherit both.
trap '' PIPE
PATH=$PATH:/usr/bin:/bin
echo "pid $child"
(
	while read -r _; do :; done <&3
	kill -TERM "$child"
	tenths=$((grace * 10))
	while [ "$tenths" -gt 0 ] && kill -0 "$child"; do
		sleep 0.1
		tenths=$((tenths - 1))
	done
	kill -KILL "$child"
) >/dev/null 2>&1 &
guard=$!
wait "$child"
code=$?
# The number of the command may be given to another process from here on.
kill -KILL "$guard" 2>/dev/null
echo "exit $code" 2>/dev/null
# The log is wanted until the other side lets go.
while read -r _; do :; done <&3
rm -rf "$dir"
