"""aiokafka for scripts/compat-clients, which says what is asked of a probe."""
import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from probe import answer, jobs, octets, text

BROKERS = sys.argv[2]
STRATEGIES = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor, "sticky": StickyPartitionAssignor}


async def send(job):
    settings = {"transactional_id": job["topic"]} if job["transaction"] else {}
    codec = None if job["codec"] == "none" else job["codec"]
    async with AIOKafkaProducer(bootstrap_servers=BROKERS, compression_type=codec, linger_ms=50, **settings) as producer:
        if job["transaction"]:
            await producer.begin_transaction()
        sent = [await producer.send(job["topic"], key=octets(r["key"]), value=octets(r["value"]),
                                    headers=[(k, octets(v)) for k, v in r["headers"]]) for r in job["records"]]
        partitions = [(await asyncio.wait_for(future, 60)).partition for future in sent]
        if job["transaction"] == "commit":
            await producer.commit_transaction()
        elif job["transaction"] == "abort":
            await producer.abort_transaction()
    return {"partitions": partitions}


async def read(job):
    settings = {"isolation_level": "read_committed"} if job["committed"] else {}
    consumer = AIOKafkaConsumer(bootstrap_servers=BROKERS, auto_offset_reset="earliest", **settings)
    consumer.assign([TopicPartition(job["topic"], 0)])
    records = []
    async with consumer:
        try:
            while not records or records[-1]["value"] != "end":
                m = await asyncio.wait_for(consumer.getone(), 8)
                records.append({"key": text(m.key), "value": text(m.value), "headers": [[k, text(v)] for k, v in m.headers]})
        except asyncio.TimeoutError:
            pass
    return {"records": records}


async def member(topic, group, strategy):
    if strategy not in ("-", *STRATEGIES):
        sys.exit("not offered")
    settings = {} if strategy == "-" else {"partition_assignment_strategy": [STRATEGIES[strategy]]}
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=BROKERS, group_id=group, client_id="aiokafka", auto_offset_reset="earliest",
                                auto_commit_interval_ms=500, **settings)
    await consumer.start()
    async for _ in consumer:
        pass


if sys.argv[1] == "member":
    asyncio.run(member(*sys.argv[3:]))
for job in jobs():
    answer(lambda job: asyncio.run({"send": send, "read": read}[sys.argv[1]](job)), job)
