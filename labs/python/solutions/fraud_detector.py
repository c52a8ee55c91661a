"""Um detector de fraude idempotente: uma decisão por pedido, também se ele estiver duas vezes no tópico ou voltar depois de uma queda.

A ordem é decisão enviada e respondida, memória, offset. O valor é um decimal exato: como float, 0.10 não existe.
"""
import json
import os
import sys
from decimal import Decimal

from kafka import KafkaConsumer, KafkaProducer

from pedidos_tratados import PedidosTratados

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # conexao.py está na pasta acima
from conexao import conexao

PREFIXO = os.environ.get("TOPIC_PREFIX") or ""
TOPICO = PREFIXO + "ECOMMERCE_NEW_ORDER"
APROVADOS, RECUSADOS = PREFIXO + "ECOMMERCE_ORDER_APPROVED", PREFIXO + "ECOMMERCE_ORDER_REJECTED"
GRUPO = os.environ.get("CONSUMER_GROUP") or "detector"
INSTANCIA = os.environ.get("GROUP_INSTANCE_ID") or None  # nome fixo no grupo: um reinício não espera
FAIL_AT_ID = os.environ.get("FAIL_AT_ID") or "0"  # cair no pedido com este orderId; 0: nunca


def run():
    tratados = PedidosTratados("detector")
    producer = KafkaProducer(**conexao(), acks="all")
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    for msg in consumer:
        pedido = json.loads(msg.value, parse_float=Decimal)["payload"]
        if pedido["orderId"] not in tratados:
            destino = RECUSADOS if pedido["amount"] >= 4500 else APROVADOS
            producer.send(destino, msg.value, msg.key).get()  # espera a resposta: o que fica no buffer se perde com a queda
            tratados.anotar(pedido["orderId"])
        if pedido["orderId"] == FAIL_AT_ID:
            os._exit(137)  # como um kill -9: nada é fechado, nada mais é confirmado
        consumer.commit()


if __name__ == "__main__":
    run()
