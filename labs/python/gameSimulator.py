"""Joga uma partida e publica cada gol no Kafka. As variáveis de ambiente estão no README."""
import json
import os
import random
import re
import sys
import time

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.serializer import JsonSerializer

from conexao import conexao

TOPICO = os.environ.get("TOPIC") or "scoreGame"
PACE = os.environ.get("PACE") or "1s"
SEED = os.environ.get("SEED") or None  # None: outra partida a cada vez
TRANSACTIONAL_ID = os.environ.get("TRANSACTIONAL_ID") or None  # None: sem transações
TEAMS = ["TeamA", "TeamB"]
MAX_SCORE = 25
VANTAGEM = 2
SEGUNDOS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6}


def duracao(texto: str) -> float:
    """Os segundos de uma duração como 250ms, 1.5s ou 1m30s; 0 é o mais rápido que der."""
    if not re.fullmatch(r"0|(\d+(\.\d+)?(h|ms|us|m|s))+", texto):
        print(f"PACE={texto}: não é uma duração; exemplos: 250ms, 1s, 1m30s, 0", file=sys.stderr)
        sys.exit(2)
    return sum(float(n) * SEGUNDOS[unidade] for n, unidade in re.findall(r"([\d.]+)([a-z]+)", texto))


def terminou(team: str, score: dict) -> bool:
    return score[team] >= MAX_SCORE and abs(score["TeamA"] - score["TeamB"]) >= VANTAGEM


def criar_evento(event_id: int, event_type: str, team: str, score: dict) -> dict:
    return {
        "id": event_id,
        "event": event_type,
        "team": team,
        "period": 1,
        "score": score.copy(),  # o placar deste momento: o próximo gol não o muda
        "timestamp": time.time(),
    }


def enviar(producer: KafkaProducer, evento: dict):
    """Volta só depois da confirmação; um envio recusado encerra o programa em vez de sumir."""
    print("Enviando:", json.dumps(evento), flush=True)
    if not TRANSACTIONAL_ID:
        producer.send(TOPICO, evento).get()  # send só põe na fila; get espera a resposta
        return
    producer.begin_transaction()
    try:
        producer.send(TOPICO, evento)
        producer.commit_transaction()
    except KafkaError:
        producer.abort_transaction()  # quem lê com read_committed nunca verá este evento
        raise


def run():
    pausa = duracao(PACE)
    random.seed(SEED and int(SEED))
    producer = KafkaProducer(
        **conexao(),
        value_serializer=JsonSerializer(),
        # "all": confirmado é o que está em todas as réplicas em dia. Com 1 basta o líder, e um gol
        # confirmado se perde se ele morrer antes de copiá-lo.
        acks="all",
        transactional_id=TRANSACTIONAL_ID,
        transaction_timeout_ms=10000,  # uma transação esquecida segura os leitores até este prazo
    )
    if TRANSACTIONAL_ID:
        producer.init_transactions()  # aborta o que uma queda deixou aberto com este mesmo id
    print("Producer iniciado...", flush=True)

    score, event_id, team = dict.fromkeys(TEAMS, 0), 0, TEAMS[0]
    while not terminou(team, score):
        if event_id > 0:
            time.sleep(pausa)
        team = random.choice(TEAMS)
        score[team] += 1
        event_id += 1
        enviar(producer, criar_evento(event_id, "goal", team, score))
    enviar(producer, criar_evento(event_id + 1, "finished", team, score))

    producer.close()
    print("Producer finalizado.", flush=True)


if __name__ == "__main__":
    run()
