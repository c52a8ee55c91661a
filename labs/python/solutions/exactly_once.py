"""Exatamente uma vez (exactly once): o placar em BOARD_TOPIC e o offset, na mesma transação: os dois ou nenhum.

Se cair antes do commit, o gol volta no reinício e ninguém viu a primeira tentativa (com FAIL_AT_ID fixo: crash
loop). A tela fica fora da transação: se cair depois do commit, falta a linha na tela, não em BOARD_TOPIC.
"""
import os

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError
from kafka.serializer import JsonSerializer

from at_least_once import GRUPO, INSTANCIA, TOPICO, conexao, falhar, mostrar  # o que não muda
from board_topic import BOARD_TOPIC, contar, ler_contagens

# O mesmo a cada reinício: é por ele que o reinício aborta o que a queda deixou aberto.
TRANSACTIONAL_ID = os.environ.get("TRANSACTIONAL_ID") or f"{GRUPO}-{INSTANCIA or 0}"


def run():
    producer = KafkaProducer(
        **conexao(),
        value_serializer=JsonSerializer(),
        transactional_id=TRANSACTIONAL_ID,  # traz consigo acks="all" e idempotência
        transaction_timeout_ms=10000,
    )
    producer.init_transactions()  # antes de entrar no grupo, que espera por transações abertas
    consumer = KafkaConsumer(
        TOPICO,
        **conexao(),
        group_id=GRUPO,
        group_instance_id=INSTANCIA,
        session_timeout_ms=6000,
        value_deserializer=JsonSerializer(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # gols abortados não contam
    )
    print("Aguardando eventos...")
    print("TeamA      TeamB", flush=True)
    geracao, contagens = None, {}
    for msg in consumer:
        membro = consumer.group_metadata()  # com ele o broker recusa quem já perdeu a partição
        if membro.generation_id != geracao:  # o grupo mudou: outro membro pode ter contado
            geracao, contagens = membro.generation_id, ler_contagens()
        placar = contar(msg, contagens)
        posicao = {TopicPartition(msg.topic, msg.partition): OffsetAndMetadata(msg.offset + 1, "", msg.leader_epoch)}
        producer.begin_transaction()
        try:
            # Na partição de mesmo número: em ordem, também para eventos sem chave.
            producer.send(BOARD_TOPIC, placar, placar["match"].encode() or msg.key, partition=msg.partition).get()
            producer.send_offsets_to_transaction(posicao, membro)
            falhar(msg.value)
            producer.commit_transaction()
        except KafkaError:
            producer.abort_transaction()
            raise  # ler adiante pularia este gol; o reinício volta ao offset confirmado
        mostrar(msg.value)
        if msg.value["event"] == "finished":
            break
    consumer.close()
    producer.close()


run()
