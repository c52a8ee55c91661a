"""What scripts/compat-clients measures on one cluster."""
import concurrent.futures, itertools, json, re, subprocess, sys, tempfile, threading, time

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
STRATEGIES = ["range", "roundrobin", "sticky", "cooperative-sticky"]
PARTITIONS = [3, 4, 6]
KEYS = [f"user-{n}" for n in range(60)]
END = {"key": "end", "value": "end", "headers": []}
# Each is known by its key or its value.
ODD = {
    "null key": {"key": None, "value": "null key", "headers": []},
    "empty key": {"key": "", "value": "empty key", "headers": []},
    "null value": {"key": "null value", "value": None, "headers": []},
    "empty value": {"key": "empty value", "value": "", "headers": []},
    "repeated header": {"key": "k", "value": "repeated header", "headers": [["h", "1"], ["h", "2"]]},
    "null header": {"key": "k", "value": "null header", "headers": [["h", None]]},
}
LIMIT = 40  # seconds in which a member is in its group, or says that it was refused
WATCHED = 5  # seconds in which one that was refused may end
REFUSED = re.compile("inconsistent.?group.?protocol|incompatible|not offered", re.I)


def in_parallel(do, items):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = dict(zip(items, pool.map(do, items)))
    print(f"compat-clients: {len(items)} measured in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return done


def filled(codec):
    return [{"key": f"{n}", "value": f"{codec} {n} " + "x" * 80, "headers": []} for n in range(20)] + [END]


def plain(value):
    return {"key": "k", "value": value, "headers": []}


class Member:
    """A process that is a member of a group."""

    def __init__(self, command, *args):
        self.said = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen([*command, "member", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said)

    def ended(self):
        return self.process.poll() is not None

    def says(self):
        return open(self.said.name, errors="replace").read()  # a handle of its own: the process writes where this one stands

    def afterwards(self):
        try:
            return f"ends, with exit code {self.process.wait(WATCHED)}"
        except subprocess.TimeoutExpired:
            return f"still runs after {WATCHED} s"

    def kill(self):
        self.process.kill()
        self.process.wait()


class Cluster:
    def __init__(self, broker, clients):
        self.broker, self.clients, self.turn = broker, clients, threading.Lock()
        until = time.monotonic() + 60
        while True:
            try:
                self.admin = KafkaAdminClient(bootstrap_servers=broker, request_timeout_ms=60000)
                return
            except Exception:
                if time.monotonic() > until:
                    raise

    def create(self, topics):
        """A few at a time, and until they are there: a busy broker may take longer than a request."""
        names = list(topics.items())
        for some in (names[n:n + 15] for n in range(0, len(names), 15)):
            wanted = {name: {"num_partitions": n, "replication_factor": 1} for name, n in some}
            self.until(lambda: self.admin.create_topics(wanted, raise_errors=False) and wanted.keys() <= set(self.admin.list_topics()))

    def until(self, done):
        end = time.monotonic() + 180
        while not self.ask(done):
            if time.monotonic() > end:
                raise TimeoutError("the broker does not answer, or does not create the topics")
            time.sleep(0.5)

    def probe(self, client, task, jobs):
        """The answers of a client's probe. One that ends early has failed all that it has not answered."""
        given = "".join(json.dumps(job) + "\n" for job in jobs)
        try:
            done = subprocess.run([*self.clients[client], task, self.broker], input=given, capture_output=True, text=True, timeout=240)
            out, why = done.stdout, done.stderr.strip()[-200:]
        except subprocess.TimeoutExpired as e:
            out, why = (e.stdout or b"").decode(), "no answer"
        answers = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return (answers + [{"error": why or "no answer"}] * len(jobs))[:len(jobs)]

    def send(self, client):
        """Sends what the others read; returns the answers by topic, and those of the transactions as one."""
        def job(topic, records, codec="none", transaction=None):
            return {"topic": f"{client}.{topic}", "codec": codec, "transaction": transaction, "records": records}

        jobs = [job("odd", [record]) for record in [*ODD.values(), END]] + [job(codec, filled(codec), codec) for codec in CODECS]
        jobs += [job("keys-%d" % n, [{"key": k, "value": k, "headers": []} for k in KEYS]) for n in PARTITIONS]
        jobs += [job("transactions", [plain("committed")], transaction="commit")]
        jobs += [job("transactions", [plain("aborted")], transaction="abort"), job("transactions", [END])]
        answers = self.probe(client, "send", jobs)
        names = [*ODD, "end", *CODECS, *(f"keys-{n}" for n in PARTITIONS), "commit", "abort", "transactions"]
        return dict(zip(names, answers, strict=True))

    def read(self, reader, sent, writers):
        """What a reader gets of each writer's topics, of those that the writer could write."""
        topics = [("odd", False), *((c, False) for c in CODECS), ("transactions", False), ("transactions", True)]
        needs = {"odd": "end", "transactions": "abort"}
        asked = [(w, *topic) for w in writers for topic in topics if "error" not in sent[w][needs.get(topic[0], topic[0])]]
        jobs = [{"topic": f"{w}.{topic}", "committed": committed} for w, topic, committed in asked]
        answers = self.probe(reader, "read", jobs)
        failed = [n for n, answer in enumerate(answers) if "error" in answer]
        for n, again in zip(failed, self.probe(reader, "read", [jobs[n] for n in failed])):  # what fails twice is no accident
            answers[n] = again
        return {f"{w} {topic}{' committed' if committed else ''}": a for (w, topic, committed), a in zip(asked, answers)}

    def topics(self):
        one = ["odd", *CODECS, "transactions"]
        names = {f"{c}.{t}": 1 for c in self.clients for t in one} | {f"{c}.keys-{n}": n for c in self.clients for n in PARTITIONS}
        self.create({**names, "dlq": 1, "lag": 1, "groups": len(self.clients)})

    def talks(self):
        """Does each client come to terms with these brokers, and with itself?"""
        self.topics()
        sent = in_parallel(self.send, self.clients)
        read = in_parallel(lambda c: self.read(c, sent, [c]), self.clients)
        return {"sent": sent, "read": read, "alone": in_parallel(lambda c: self.together("alone", "-", [c]), self.clients)}

    def all(self):
        self.topics()
        sent = in_parallel(self.send, self.clients)
        read = in_parallel(lambda c: self.read(c, sent, list(self.clients)), self.clients)
        keys = {c: {n: self.like_java(sent[c][f"keys-{n}"], n) for n in PARTITIONS} for c in self.clients}
        alone = in_parallel(lambda c: self.together("alone", "-", [c]), self.clients)
        pairs = in_parallel(lambda pair: self.together("pair", "-", pair), list(itertools.permutations(self.clients, 2)))
        strategies = in_parallel(lambda s: self.together("strategy", s, list(self.clients)), STRATEGIES)
        return {"sent": sent, "read": read, "keys": keys, "alone": alone, "pairs": {" ".join(p): r for p, r in pairs.items()},
                "strategies": strategies, "commits": self.commits(sent)}

    @staticmethod
    def like_java(answer, partitions):
        if len(answer.get("partitions") or []) != len(KEYS):
            return answer.get("error", "not told")
        return sum((murmur2(k.encode()) & 0x7FFFFFFF) % partitions == p for k, p in zip(KEYS, answer["partitions"]))

    def ask(self, question):
        """None where there is no answer: the broker has just started, or looks for the group. The client is not for several threads."""
        with self.turn:
            try:
                return question()
            except KafkaError:
                return None

    def group(self, name):
        """Its strategy, and each member's partitions by its client id."""
        found = self.ask(lambda: self.admin.describe_groups([name])[name]) or {"members": []}

        def owned(m):
            assignment = m.get("member_assignment") or {}
            return [p for t in (assignment.get("assigned_partitions") or []) for p in t["partitions"]]
        stable = found.get("group_state") == "Stable"
        return found.get("protocol_data") if stable else "", {m["client_id"]: owned(m) for m in found["members"]}

    def together(self, kind, strategy, clients):
        """Clients join a group one after another: who is in it at the end, by which strategy, and what the others said."""
        name = f"{kind}-{strategy}-" + "-".join(clients)
        members, protocol, owned, refused = {}, "", {}, {}
        for client in clients:
            members[client] = Member(self.clients[client], self.broker, "groups", name, strategy)
            until = time.monotonic() + LIMIT
            while time.monotonic() < until and not members[client].ended() and not REFUSED.search(members[client].says()):
                protocol, owned = self.group(name)
                if protocol and len(owned) == len(members) and all(owned.values()):
                    break
                time.sleep(0.2)
            else:
                how = members[client].afterwards()
                members[client].kill()
                refused[client] = {"how": how, "said": members.pop(client).says()}
        for member in members.values():
            member.kill()
        return {"strategy": protocol, "in": list(members), "refused": refused, "twice": twice(owned)}

    def commits(self, sent):
        """Each client reads three transactions of a record: what it has committed when that changes no more."""
        writer = next(c for c in self.clients if "error" not in sent[c]["commit"])
        self.probe(writer, "send", [{"topic": "lag", "codec": "none", "transaction": "commit", "records": [plain("x")]}] * 3)
        partition = TopicPartition("lag", 0)
        end = KafkaConsumer(bootstrap_servers=self.broker).end_offsets([partition])[partition]

        def commit(client):
            member = Member(self.clients[client], self.broker, "lag", f"lag-{client}", "-")
            seen, since, until = None, time.monotonic(), time.monotonic() + 25
            while time.monotonic() < until and (seen is None or time.monotonic() < since + 6):
                asked = {f"lag-{client}": [partition]}
                found = self.ask(lambda: self.admin.list_group_offsets(asked)[f"lag-{client}"][partition])
                if found and found.offset >= 0 and found != seen:
                    seen, since = found, time.monotonic()
                time.sleep(0.2)
            member.kill()
            return None if seen is None else {"offset": seen.offset, "epoch": seen.leader_epoch, "metadata": seen.metadata}

        return {"end": end, "by": in_parallel(commit, self.clients)}


def twice(owned):
    """Partitions that two members have, or none."""
    all_of_them = sorted(itertools.chain(*owned.values()))
    return sorted({p for p in all_of_them if all_of_them.count(p) > 1})
