"""Publishes fake transactions with aiokafka."""
import asyncio
import json
import os
import random
import re
import sys
import uuid
from datetime import datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

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


async def connect() -> AIOKafkaProducer:
    while True:
        # Its partitioner is Java's. Idempotence brings acks=all.
        producer = AIOKafkaProducer(bootstrap_servers=BROKERS, enable_idempotence=True)
        try:
            await producer.start()
            print("brokers estão disponíveis e prontos para produzir mensagens", flush=True)
            return producer
        except KafkaConnectionError as e:
            print("brokers ainda não disponíveis:", e, flush=True)
            await producer.stop()
            await asyncio.sleep(1)


async def run(count: int, pause: float):
    producer = await connect()
    n = 0
    try:
        while count == 0 or n < count:
            n += 1
            value = transaction(n)
            sent = await producer.send_and_wait(TOPIC, json.dumps(value).encode(), value["id_usuario"].encode())
            print(f"mensagem enviada para o kafka com id de sequência {n} (partição {sent.partition}, offset {sent.offset})", flush=True)
            await asyncio.sleep(pause)
    finally:
        await producer.stop()


wrong = [] if COUNT.isdecimal() else [f"COUNT={COUNT}: accepted: a whole number, 0 for no end"]
if not re.fullmatch(r"0|(\d+(\.\d+)?(h|ms|m|s))+", PACE):
    wrong.append(f"PACE={PACE}: accepted: a duration such as 250ms, 2s, 1m30s, or 0")
if wrong:
    print(*wrong, sep="\n", file=sys.stderr)
    sys.exit(2)
try:
    asyncio.run(run(int(COUNT), sum(float(n) * SECONDS[unit] for n, unit in re.findall(r"([\d.]+)(ms|[hms])", PACE))))
except KeyboardInterrupt:
    pass
