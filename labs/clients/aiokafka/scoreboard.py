"""The scoreboard with aiokafka: DELIVERY says where an offset is committed."""
import asyncio
import json
import os
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from board import Board

DELIVERY = os.environ.get("DELIVERY") or "at-least-once"
TOPIC = os.environ.get("TOPIC") or "scoreGame"
GROUP, INSTANCE = os.environ.get("CONSUMER_GROUP") or "group1", os.environ.get("GROUP_INSTANCE_ID") or None
BROKERS = os.environ.get("BOOTSTRAP_SERVERS") or "localhost:9091,localhost:9092,localhost:9093"


def show(event):
    margin = "" if event["team"] == "TeamA" else " " * 11  # the score stands under the team that scored
    score = f"{event['score']['TeamA']} - {event['score']['TeamB']}"
    print("Partida finalizada!" if event["event"] == "finished" else margin + score, flush=True)


def crash_on_cue(event):
    if str(event["id"]) == os.environ.get("FAIL_AT_ID"):
        os._exit(137)  # as kill -9 does: nothing is closed


async def take(consumer, producer, board, msg, event):
    after = {TopicPartition(msg.topic, msg.partition): msg.offset + 1}
    if DELIVERY == "at-most-once":
        await consumer.commit(after)
        crash_on_cue(event)
        show(event)
    elif DELIVERY == "at-least-once":
        show(event)
        crash_on_cue(event)
        await consumer.commit(after)
    else:  # the board's record and the offset are one transaction, which the screen is not in
        async with producer.transaction():  # an error ends the program: to read on would skip a goal
            await producer.send_and_wait(**await board.record(msg, event))
            await producer.send_offsets_to_transaction(after, GROUP)  # the broker takes it also from who has lost the partition
            crash_on_cue(event)
        show(event)


async def run():
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS, transactional_id=f"{GROUP}-{INSTANCE or 0}", transaction_timeout_ms=10000)
    if DELIVERY == "exactly-once":
        await producer.start()  # aborts what a crash of its last life has left open
    consumer = AIOKafkaConsumer(
        bootstrap_servers=BROKERS, group_id=GROUP, group_instance_id=INSTANCE, session_timeout_ms=6000, heartbeat_interval_ms=2000,
        enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
        partition_assignment_strategy=[RangePartitionAssignor],  # alone it announces roundrobin
    )
    board = Board(BROKERS)
    consumer.subscribe([TOPIC], listener=board)
    await consumer.start()
    print("Aguardando eventos...\nTeamA      TeamB", flush=True)
    async for msg in consumer:
        event = json.loads(msg.value)
        await take(consumer, producer, board, msg, event)
        if event["event"] == "finished":
            break
    await consumer.stop()
    await producer.stop()


if DELIVERY not in ("at-most-once", "at-least-once", "exactly-once"):
    print(f"DELIVERY={DELIVERY}: accepted: at-most-once, at-least-once, exactly-once", file=sys.stderr)
    sys.exit(2)
asyncio.run(run())
