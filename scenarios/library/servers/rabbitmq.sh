#!/bin/sh
# RabbitMQ for a lab: rabbitmq.sh WORK MODULES. Guests may come from anywhere; queues and messages are kept in WORK.
# The server is Debian's; its modules lie in one folder that scripts/build-clients made, as most of a start is looking
# for modules in forty. Erlang runs one scheduler (a lab has one processor). What looks at the machine all the time is
# switched off: reading its own memory from /proc every second was nine tenths of an idle broker's cost. Of what is
# left, a start is 4 s of processor time, and ten idle minutes are 17 s: Erlang's threads write into their own wake-up
# pipes, 780 times in each second. With time correction (+c true) these are 6 s, and a start 7 s.
set -eu
work=$1
mkdir -p "$work/mnesia"
echo '[].' >"$work/enabled_plugins"
cat >"$work/advanced.config" <<END
[{rabbit, [
    {loopback_users, []}, {collect_statistics_interval, 600000},
    {vm_memory_high_watermark, {absolute, 200000000}}, {vm_memory_calculation_strategy, allocated},
    {memory_monitor_interval, 600000}, {disk_monitor_failure_retries, 0}]},
 {aten, [{heartbeat_interval, 600000}, {poll_interval, 600000}]},
 {os_mon, [{start_memsup, false}, {start_cpu_sup, false}, {start_disksup, false}]}].
END
export HOME="$work" SYS_PREFIX= RABBITMQ_HOME=/usr/lib/rabbitmq RABBITMQ_NODENAME=rabbit@localhost \
    RABBITMQ_MNESIA_BASE="$work/mnesia" RABBITMQ_MNESIA_DIR="$work/mnesia/db" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_ADVANCED_CONFIG_FILE="$work/advanced.config" RABBITMQ_CONFIG_FILE="$work/rabbitmq" \
    RABBITMQ_GENERATED_CONFIG_DIR="$work/config" RABBITMQ_ENABLED_PLUGINS_FILE="$work/enabled_plugins" \
    RABBITMQ_PLUGINS_DIR="$2" RABBITMQ_PLUGINS_EXPAND_DIR="$work/expand" RABBITMQ_LOG_BASE="$work" RABBITMQ_LOGS=- \
    RABBITMQ_PID_FILE="$work/pid" RABBITMQ_DIST_PORT=25672 ERL_EPMD_ADDRESS=127.0.0.1
# Erlang's own name server, which RabbitMQ would start by a second virtual machine.
/usr/lib/erlang/erts-*/bin/epmd &
exec erl -pa "$2"/rabbit-*/ebin +S 1:1 +SDcpu 1:1 +SDio 1 +A 1 +sbwt none +sbwtdcpu none +sbwtdio none +c false \
    -sname rabbit@localhost -start_epmd false -noinput -s rabbit boot -boot start_sasl +W w -sasl errlog_type error \
    -syslog logger '[]' -syslog syslog_error_logger false -kernel prevent_overlapping_partitions false
