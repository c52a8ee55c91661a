"""Publishes fake transactions with confluent-kafka, which is librdkafka underneath."""
import json
import os
import random
import re
import sys
import time
import uuid
from datetime import datetime

from confluent_kafka import KafkaException, Producer

BROKERS = os.environ.get("BOOTSTRAP_SERVERS") or "localhost:9091,localhost:9092,localhost:9093"
TOPIC = os.environ.get("TOPIC") or "transactions"
COUNT = os.environ.get("COUNT") or "0"  # 0: without end
PACE = os.environ.get("PACE") or "2s"
SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3}


def transaction(n: int) -> dict:
    user = random.randint(20000, 100000)
    return {
        "id_sequencia": n,
        "id_usuario": str(user),
        "id_transacao": str(uuid.uuid4()),
        "id_produto": str(random.randint(10000, 99999)),
        "endereco": f"Rua {random.choice('ABCDE')} | Salvador | BR",
        "cadastro_em": datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
        "id_plataforma": random.choice(["Mobile", "Laptop", "Tablet"]),
        "mensagem": f"transacao feita pelo usuario {user}",
        "valor_centavos": random.randint(100, 500000),  # whole cents: a float does not hold each amount exactly
        "moeda": "BRL",
        "tipo": random.choice(["PIX", "CREDITO", "DEBITO", "BOLETO"]),
    }


def answered(error, msg):
    if error:
        failures.append(error)
        print(f"message not sent: {error}", file=sys.stderr)
        return
    n = json.loads(msg.value())["id_sequencia"]
    print(f"mensagem enviada para o kafka com id de sequência {n} (partição {msg.partition()}, offset {msg.offset()})", flush=True)


wrong = [] if COUNT.isdecimal() else [f"COUNT={COUNT}: accepted: a whole number, 0 for no end"]
if not re.fullmatch(r"0|(\d+(\.\d+)?(h|ms|m|s))+", PACE):
    wrong.append(f"PACE={PACE}: accepted: a duration such as 250ms, 2s, 1m30s, or 0")
if wrong:
    print(*wrong, sep="\n", file=sys.stderr)
    sys.exit(2)
pause = sum(float(n) * SECONDS[unit] for n, unit in re.findall(r"([\d.]+)(ms|[hms])", PACE))
failures = []
producer = Producer({
    "bootstrap.servers": BROKERS,
    "enable.idempotence": True,  # brings acks=all, and retries that do not duplicate
    "partitioner": "murmur2_random",  # Java's; the default, consistent_random, puts a key elsewhere
})
while True:
    try:
        producer.list_topics(TOPIC, timeout=5)
        break
    except KafkaException as e:
        print("brokers ainda não disponíveis:", e.args[0].str(), flush=True)
print("brokers estão disponíveis e prontos para produzir mensagens", flush=True)
n = 0
try:
    while COUNT == "0" or n < int(COUNT):
        n += 1
        value = transaction(n)
        producer.produce(TOPIC, json.dumps(value), value["id_usuario"], on_delivery=answered)
        until = time.monotonic() + pause
        producer.poll(0)  # a poll is what calls answered
        while (left := until - time.monotonic()) > 0 or len(producer) > 50000:  # the queue has room for 100,000
            producer.poll(max(left, 0.01))
except KeyboardInterrupt:
    pass
producer.flush()  # what is still in the queue has no answer yet
sys.exit(1 if failures else 0)
