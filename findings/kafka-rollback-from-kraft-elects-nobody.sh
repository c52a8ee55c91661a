#!/usr/bin/env bash
# What:   A cluster of Kafka 3.9.2 that migrates from ZooKeeper to KRaft goes back as the documentation says: the controller is
#         stopped, the node /controller is deleted, a broker is elected controller. That controller counts its epoch on from
#         ZooKeeper's (/controller_epoch), which the epoch of the KRaft controllers is not part of. Where theirs was higher, as
#         after some elections among them, every partition that they have changed has a state of the higher epoch, which the
#         new controller may not replace: a broker that stops stays their leader and in their ISR, and acks=all waits for it.
#         With /controller_epoch set to the higher epoch before /controller is deleted, the new controller takes it out.
# Where:  migrations that are taken back: scripts/native-migrate.
# Source: KafkaController, ZkPartitionStateMachine and KafkaZkClient of Kafka 3.9; «Reverting to ZooKeeper mode during the
#         migration» in Kafka 3.9's documentation; KIP-866.
# Needs:  Java 17, Maven and the network. Takes three minutes. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kafka=3.9.2
work=$(mktemp -d)
pids=()
cleanup() { [ "${#pids[@]}" = 0 ] || kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cd "$work"
fail() { echo "$1" >&2; exit 2; }

cat >pom.xml <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$kafka</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "org.apache.kafka:kafka_2.13:$kafka"

printf '%s\n' log4j.rootLogger=WARN,out log4j.appender.out=org.apache.log4j.ConsoleAppender log4j.appender.out.layout=org.apache.log4j.SimpleLayout >log4j.properties
java=(java -Xmx256m -Dlog4j.configuration=file:log4j.properties -cp 'libs/*')
run() { "${java[@]}" "$@"; }
serve() { "${java[@]}" "${@:2}" >"$1.log" 2>&1 & pids+=("$!"); eval "${1//-/_}=$!"; }
zk() { run org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:21811 "$@" 2>/dev/null | tail -n 1; }
topics() { run org.apache.kafka.tools.TopicCommand --bootstrap-server 127.0.0.1:19091 "$@" 2>/dev/null; }
# await WHAT SECONDS COMMAND...
await() { local what=$1 most=$2 end=$((SECONDS + $2)); shift 2; until "$@"; do [ "$SECONDS" -lt "$end" ] || fail "not within $most s: $what"; sleep 0.5; done; }
answers() { topics --list >/dev/null; }
# shellcheck disable=SC2254 # a pattern
is() { case $(zk "${3:-get}" "$1") in $2) ;; *) return 1 ;; esac; }

cat >zookeeper.properties <<P
dataDir=$work/zookeeper
clientPort=21811
clientPortAddress=127.0.0.1
admin.enableServer=false
P
broker() { # N BRIDGE: its settings
	printf '%s\n' "broker.id=$1" zookeeper.connect=127.0.0.1:21811 "listeners=PLAINTEXT://127.0.0.1:1909$1" "log.dirs=$work/broker-$1" \
		offsets.topic.replication.factor=1 listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT inter.broker.protocol.version=3.9
	[ "$2" != bridge ] || printf '%s\n' zookeeper.metadata.migration.enable=true controller.listener.names=CONTROLLER controller.quorum.voters=3000@127.0.0.1:19099
}
printf '%s\n' node.id=3000 process.roles=controller controller.listener.names=CONTROLLER controller.quorum.voters=3000@127.0.0.1:19099 \
	listeners=CONTROLLER://127.0.0.1:19099 "log.dirs=$work/controller" zookeeper.connect=127.0.0.1:21811 zookeeper.metadata.migration.enable=true \
	listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT inter.broker.listener.name=PLAINTEXT >controller.properties

start_broker() { broker "$1" "$2" >"broker-$1.properties"; serve "broker-$1" kafka.Kafka "broker-$1.properties"; }
stop() { local name=${1//-/_}; kill "${!name}"; wait "${!name}" 2>/dev/null || true; }

# restart_brokers: one after the other, with the settings of the migration; until both are in sync again.
restart_brokers() {
	local n p
	for n in 2 1; do
		stop "broker-$n"
		start_broker "$n" bridge
		await "broker $n is back" 180 is /brokers/ids "*$n*" ls
		for p in 0 1; do await "both replicas are in sync" 180 is "/brokers/topics/t/partitions/$p/state" '*"isr":\[?,?\]*'; done
	done
}

# go_back HOW: migrate half-way with a controller that was elected five times, go back, stop a broker, and see who leads its partition.
go_back() {
	rm -rf zookeeper broker-[12] controller
	serve zookeeper org.apache.zookeeper.server.quorum.QuorumPeerMain zookeeper.properties
	await "ZooKeeper answers" 180 is / '*zookeeper*' ls
	start_broker 1 plain
	await "broker 1 is the controller" 180 is /controller '*"brokerid":1,*'
	start_broker 2 plain
	await "two brokers" 180 is /brokers/ids '*1*2*' ls
	topics --create --topic t --replica-assignment 1:2,2:1 >/dev/null
	id=$(sed -n 's/^cluster.id=//p' broker-1/meta.properties)
	run kafka.tools.StorageTool format --cluster-id="$id" --config controller.properties >/dev/null
	for n in 1 2 3 4 5; do # each start is an election
		[ "$n" = 1 ] || stop controller
		serve controller kafka.Kafka controller.properties
		await "the controller leads" 180 grep -qs "\"leaderEpoch\":$n" controller/__cluster_metadata-0/quorum-state
	done
	restart_brokers
	await "the metadata is copied" 180 is /migration '*"kraft_metadata_offset":[0-9]*'
	restart_brokers # the controller writes who leads, and who is in sync
	kraft=$(zk get /migration | sed 's/.*"kraft_controller_epoch":\([0-9]*\).*/\1/')
	stop controller
	[ "$1" = as-documented ] || zk set /controller_epoch "$kraft" >/dev/null
	zk delete /controller >/dev/null
	await "a broker is the controller" 180 is /controller '*"brokerid":[12],*'
	zk delete /migration >/dev/null
	sleep 2
	if is /controller '*"brokerid":1,*'; then stays=1 goes=2; else stays=2 goes=1; fi
	state=/brokers/topics/t/partitions/0/state
	echo "$1: the epoch of KRaft's controller is $kraft, that of the elected one, broker $stays, $(zk get /controller_epoch)"
	echo "$1: a partition of both: $(zk get $state)"
	stop "broker-$goes"
	sleep 20
	echo "$1: 20 s after broker $goes has stopped: $(zk get $state)"
	if is "$state" "*\"leader\":$stays,*\"isr\":\[$stays\]*"; then noticed=yes; else noticed=no; fi
	for name in "broker-$stays" zookeeper; do stop "$name"; done
}

go_back as-documented
documented=$noticed
go_back with-the-epoch-set
if [ "$documented" = yes ] || [ "$noticed" = no ]; then echo "changed: the stop is noticed as documented: $documented, with the epoch set: $noticed"; exit 1; fi
echo "as expected: the partition keeps the stopped broker as documented, and not where the epoch was set"
