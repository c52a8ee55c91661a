"""O seu placar: um modelo com a conexão e a inscrição no tópico. O resto é seu (veja os TODOs)."""
import os

from kafka import KafkaConsumer
from kafka.serializer import JsonSerializer

from conexao import conexao

TOPICO = os.environ.get("TOPIC") or "scoreGame"
GRUPO = os.environ.get("CONSUMER_GROUP") or "group1"
INSTANCIA = os.environ.get("GROUP_INSTANCE_ID") or None  # nome fixo no grupo: um reinício não espera
FAIL_AT_ID = int(os.environ.get("FAIL_AT_ID") or 0)  # cair neste id, para ver o que se perde; 0: nunca


def run():
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,  # depois deste silêncio o grupo dá a partição a outro
        value_deserializer=JsonSerializer(),  # msg.value já é o evento, como um dict
        enable_auto_commit=True,  # confirma sozinho...
        auto_commit_interval_ms=5000,  # ...a cada 5 segundos
        auto_offset_reset="earliest",  # grupo sem offset confirmado: desde o início
    )

    # TODO: ler as mensagens em um laço
    # TODO: mostrar o placar à medida que os eventos chegam
    # TODO: parar ao receber um evento com "event" == "finished"

    consumer.close()


run()
