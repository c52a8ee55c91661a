"""Pelo menos uma vez (at least once): mostra o gol e depois confirma o offset.

Se cair entre os dois, o gol volta no reinício: nenhum se perde, algum pode repetir.
Com FAIL_AT_ID fixo o gol volta, e o programa cai de novo, a cada reinício: é o crash loop.
Para sair dele, reinicie sem FAIL_AT_ID.
"""
import os
import sys

from kafka import KafkaConsumer
from kafka.serializer import JsonSerializer

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # conexao.py está na pasta acima
from conexao import conexao

TOPICO = os.environ.get("TOPIC") or "scoreGame"
GRUPO = os.environ.get("CONSUMER_GROUP") or "group1"
INSTANCIA = os.environ.get("GROUP_INSTANCE_ID") or None  # nome fixo no grupo: um reinício não espera
FAIL_AT_ID = int(os.environ.get("FAIL_AT_ID") or 0)  # cair neste id; 0: nunca


def mostrar(evento):
    if evento["event"] == "finished":
        print("Partida finalizada!", flush=True)
        return
    margem = "" if evento["team"] == "TeamA" else " " * 11  # o placar fica sob quem marcou
    print(f"{margem}{evento['score']['TeamA']} - {evento['score']['TeamB']}", flush=True)


def falhar(evento):
    if evento["id"] == FAIL_AT_ID:
        os._exit(137)  # como um kill -9: nada é fechado, nada mais é confirmado


def run():
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,  # depois deste silêncio o grupo dá a partição a outro
        value_deserializer=JsonSerializer(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # grupo sem offset confirmado: desde o início
    )
    print("Aguardando eventos...")
    print("TeamA      TeamB", flush=True)
    for msg in consumer:
        mostrar(msg.value)
        falhar(msg.value)
        consumer.commit()
        if msg.value["event"] == "finished":
            break
    consumer.close()


if __name__ == "__main__":
    run()
