"""O simulador com gols fantasmas: cada gol numa transação, e cada ABORT_EVERY-ésimo antes enviado e abortado.

Abortar não apaga: o gol abortado fica no tópico, e só quem lê com read_committed não o vê. Todos os eventos têm a mesma chave: a
partida fica inteira numa partição, e em ordem.
"""
import json
import os
import random
import sys
import time

from kafka import KafkaProducer

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # gameSimulator.py está na pasta acima
from gameSimulator import PACE, SEED, TEAMS, TOPICO, conexao, criar_evento, duracao, terminou

TRANSACTIONAL_ID = os.environ.get("TRANSACTIONAL_ID") or "simulador"
ABORT_EVERY = int(os.environ.get("ABORT_EVERY") or 0)  # 0: nunca
CHAVE = b"partida"


def enviar(producer, evento, abortar=False):
    print("Enviando:", json.dumps(evento), flush=True)
    producer.begin_transaction()
    producer.send(TOPICO, evento, CHAVE).get()  # sem esperar, o que é abortado nem sairia do programa
    if abortar:
        producer.abort_transaction()
    else:
        producer.commit_transaction()


def run():
    pausa = duracao(PACE)
    random.seed(SEED and int(SEED))
    producer = KafkaProducer(
        **conexao(),
        value_serializer=lambda evento: json.dumps(evento).encode(),
        transactional_id=TRANSACTIONAL_ID,  # traz consigo acks="all" e idempotência
        transaction_timeout_ms=10000,
    )
    producer.init_transactions()  # aborta o que uma queda deixou aberto com este mesmo id
    print("Producer iniciado...", flush=True)

    score, event_id, team = dict.fromkeys(TEAMS, 0), 0, TEAMS[0]
    while not terminou(team, score):
        if event_id > 0:
            time.sleep(pausa)
        team = random.choice(TEAMS)
        score[team] += 1
        event_id += 1
        evento = criar_evento(event_id, "goal", team, score)
        if ABORT_EVERY and event_id % ABORT_EVERY == 0:
            enviar(producer, evento, abortar=True)
        enviar(producer, evento)
    enviar(producer, criar_evento(event_id + 1, "finished", team, score))

    producer.close()
    print("Producer finalizado.", flush=True)


run()
