"""What the scoreboard writes to BOARD_TOPIC, and how it reads that again when it starts."""
import json
import os

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

TOPIC = os.environ.get("BOARD_TOPIC") or "scoreBoard"


class Board(ConsumerRebalanceListener):
    def __init__(self, brokers):
        self.brokers = brokers
        self.tallies = {}

    async def on_partitions_revoked(self, revoked):
        self.tallies.clear()  # another member may count now

    async def on_partitions_assigned(self, assigned):
        pass

    async def record(self, msg, event) -> dict:
        """Counts a goal, and returns what to send."""
        if not self.tallies:
            await self.read()
        match = event.get("match", "")
        if event["id"] == 1 or match not in self.tallies:
            self.tallies[match] = {"TeamA": 0, "TeamB": 0}
        if event["event"] == "goal":
            self.tallies[match][event["team"]] += 1
        value = {"id": event["id"], "match": match, "event": event["event"], "score": event["score"], "tally": self.tallies[match],
                 "source": {"partition": msg.partition, "offset": msg.offset}}
        return {"topic": TOPIC, "partition": msg.partition, "key": match.encode() or msg.key, "value": json.dumps(value).encode()}

    async def read(self):
        reader = AIOKafkaConsumer(TOPIC, bootstrap_servers=self.brokers, auto_offset_reset="earliest", isolation_level="read_committed")
        async with reader:  # without a group it reads all partitions
            ends = await reader.end_offsets(reader.assignment())
            while any([await reader.position(p) < end for p, end in ends.items()]):
                for msgs in (await reader.getmany(timeout_ms=100)).values():
                    for record in (json.loads(msg.value) for msg in msgs):
                        self.tallies[record["match"]] = record["tally"]
