"""Um consumidor idempotente: imprime cada pedido uma vez, também se ele estiver duas vezes no tópico ou voltar depois de uma queda.

A ordem é efeito, memória, offset. Se cair entre o efeito e a memória, o pedido sai duas vezes; só uma transação fecharia isso.
"""
import os
import sys

from kafka import KafkaConsumer
from kafka.serializer import JsonSerializer

from pedidos_tratados import PedidosTratados

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # conexao.py está na pasta acima
from conexao import conexao

TOPICO = os.environ.get("TOPIC") or "ECOMMERCE_NEW_ORDER"
GRUPO = os.environ.get("CONSUMER_GROUP") or "pedidos"
INSTANCIA = os.environ.get("GROUP_INSTANCE_ID") or None  # nome fixo no grupo: um reinício não espera
FAIL_AT_ID = os.environ.get("FAIL_AT_ID") or "0"  # cair no pedido com este orderId; 0: nunca


def run():
    tratados = PedidosTratados("consumidor")
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,
        value_deserializer=JsonSerializer(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    for msg in consumer:
        pedido = msg.value["payload"]
        if pedido["orderId"] not in tratados:
            print(pedido["orderId"], pedido["amount"], flush=True)
            tratados.anotar(pedido["orderId"])
        if pedido["orderId"] == FAIL_AT_ID:
            os._exit(137)  # como um kill -9: nada é fechado, nada mais é confirmado
        consumer.commit()


if __name__ == "__main__":
    run()
