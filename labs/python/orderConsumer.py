"""O seu consumidor de pedidos: um modelo com a conexão e a inscrição no tópico. O resto é seu (veja os TODOs)."""
import os

from kafka import KafkaConsumer
from kafka.serializer import JsonSerializer

from conexao import conexao

TOPICO = os.environ.get("TOPIC") or "ECOMMERCE_NEW_ORDER"
GRUPO = os.environ.get("CONSUMER_GROUP") or "pedidos"
INSTANCIA = os.environ.get("GROUP_INSTANCE_ID") or None  # nome fixo no grupo: um reinício não espera
STATE_DIR = os.environ.get("STATE_DIR") or "."  # o que fica aqui sobrevive à queda
FAIL_AT_ID = os.environ.get("FAIL_AT_ID") or "0"  # cair no pedido com este orderId; 0: nunca


def run():
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,
        value_deserializer=JsonSerializer(),  # msg.value["payload"] é o pedido: orderId, amount, email
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )

    # TODO: ler os pedidos em um laço sem fim
    # TODO: imprimir uma linha para cada pedido, que comece com o orderId, e só uma, também se o pedido vier de novo
    # TODO: cair em FAIL_AT_ID, com os._exit(137), antes de confirmar o offset

    consumer.close()


run()
