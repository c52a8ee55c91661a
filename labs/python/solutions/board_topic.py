"""O que exactly_once.py escreve em BOARD_TOPIC, e como o lê de volta ao recomeçar."""
import os

from kafka import KafkaConsumer, TopicPartition
from kafka.serializer import JsonSerializer

from at_least_once import conexao

BOARD_TOPIC = os.environ.get("BOARD_TOPIC") or "scoreBoard"


def ler_contagens():
    """A contagem de gols de cada partida, como está confirmada em BOARD_TOPIC."""
    contagens = {}
    consumer = KafkaConsumer(
        **conexao(),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        value_deserializer=JsonSerializer(),
    )
    particoes = [TopicPartition(BOARD_TOPIC, n) for n in consumer.partitions_for_topic(BOARD_TOPIC)]
    consumer.assign(particoes)  # sem grupo: lê tudo, e não confirma nada
    # O fim, com read_committed, é onde começa a primeira transação ainda aberta.
    for particao, fim in consumer.end_offsets(particoes).items():
        while consumer.position(particao) < fim:
            for msgs in consumer.poll(timeout_ms=100).values():
                contagens.update((msg.value["match"], msg.value["tally"]) for msg in msgs)
    consumer.close()
    return contagens


def contar(msg, contagens):
    """Conta o gol e devolve o registro do placar depois dele."""
    evento, match = msg.value, msg.value.get("match", "")  # os eventos de gameSimulator.py não têm match
    if evento["id"] == 1 or match not in contagens:
        contagens[match] = {"TeamA": 0, "TeamB": 0}
    if evento["event"] == "goal":
        contagens[match][evento["team"]] += 1
    return {
        "id": evento["id"],
        "match": match,
        "event": evento["event"],
        "score": evento["score"],  # o anunciado
        "tally": contagens[match],  # o contado aqui
        "source": {"partition": msg.partition, "offset": msg.offset},
    }
