"""Como se conectar: as variáveis KAFKA_* dos programas em Go (docs/security.md), como argumentos do kafka-python."""
import logging
import os
import re
import ssl
import sys

PROTOCOLOS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
MECANISMOS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

# variável: (chave em client.properties, argumento do kafka-python)
VARIAVEIS = {
    "BOOTSTRAP_SERVERS": ("bootstrap.servers", "bootstrap_servers"),
    "KAFKA_SECURITY_PROTOCOL": ("security.protocol", "security_protocol"),
    "KAFKA_SASL_MECHANISM": ("sasl.mechanism", "sasl_mechanism"),
    "KAFKA_SASL_USERNAME": ("sasl.username", "sasl_plain_username"),
    "KAFKA_SASL_PASSWORD": ("sasl.password", "sasl_plain_password"),
    "KAFKA_TLS_CA_FILE": ("ssl.truststore.location", "ssl_cafile"),
    "KAFKA_TLS_CERT_FILE": ("ssl.keystore.location", "ssl_certfile"),
    "KAFKA_TLS_KEY_FILE": ("ssl.key.location", "ssl_keyfile"),
}


def parar(frase: str):
    print(frase, file=sys.stderr)
    sys.exit(2)


def ler(variavel: str, arquivo: str) -> str:
    try:
        with open(arquivo, encoding="utf-8") as aberto:
            return aberto.read()
    except OSError as erro:
        parar(f"{variavel}={arquivo}: {erro.strerror}")


def do_arquivo(texto: str) -> dict:
    """As chaves de um client.properties; uma barra no fim da linha a continua na próxima."""
    linhas = [linha.strip() for linha in re.sub(r"\\\n\s*", "", texto).splitlines()]
    chaves = dict(re.split(r"\s*[=:]\s*", linha, maxsplit=1) for linha in linhas if re.match(r"[^#!].*[=:]", linha))
    # O Java põe usuário e senha em uma linha só: ... required username="ana" password="...";
    for nome, valor in re.findall(r'\b(username|password)="((?:\\.|[^"])*)"', chaves.get("sasl.jaas.config", "")):
        chaves["sasl." + nome] = re.sub(r"\\(.)", r"\1", valor)
    # A librdkafka tem outros nomes para o mesmo.
    for outro, nome in {"sasl.mechanisms": "sasl.mechanism", "ssl.ca.location": "ssl.truststore.location",
                        "ssl.certificate.location": "ssl.keystore.location"}.items():
        chaves.setdefault(nome, chaves.get(outro))
    return chaves


def conexao() -> dict:
    """Os argumentos com que KafkaConsumer e KafkaProducer se conectam. As variáveis valem mais que o arquivo."""
    arquivo = os.environ.get("KAFKA_CLIENT_CONFIG")
    chaves = do_arquivo(ler("KAFKA_CLIENT_CONFIG", arquivo)) if arquivo else {}
    argumentos = {"bootstrap_servers": "localhost:9092"}
    for variavel, (chave, argumento) in VARIAVEIS.items():
        valor = os.environ.get(variavel) or chaves.get(chave)
        if valor:
            argumentos[argumento] = valor
    if chaves.get("ssl.truststore.certificates") and "ssl_cafile" not in argumentos:  # no próprio arquivo; \n separa as linhas
        argumentos["ssl_context"] = ssl.create_default_context(cadata=chaves["ssl.truststore.certificates"].replace("\\n", "\n"))
    senha = os.environ.get("KAFKA_SASL_PASSWORD_FILE")
    if senha:
        argumentos["sasl_plain_password"] = ler("KAFKA_SASL_PASSWORD_FILE", senha).rstrip()
    conferir(argumentos)
    logging.getLogger("kafka.net.manager").addHandler(Recusa())
    return argumentos


class Recusa(logging.Handler):
    """O kafka-python não diz por que o broker o recusa, e tenta por 30 s; aqui a terceira recusa seguida encerra o programa."""

    recusas = 0

    def emit(self, record):
        if not record.msg.startswith("Bootstrap connection"):
            return
        erro = str(record.args[1])
        if "CERTIFICATE_VERIFY_FAILED" in erro:
            frase = "o certificado do broker não serve: KAFKA_TLS_CA_FILE diz quem pode assiná-lo"
        elif "disconnected" in erro:  # assim terminam também um login recusado, e um protocolo que a porta não fala
            frase = "conexão recusada: confira KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, o usuário e a senha"
        else:
            return
        self.recusas += 1
        if self.recusas == 3:
            print(f"{frase} ({erro})", file=sys.stderr, flush=True)
            os._exit(1)  # daqui, dentro da biblioteca, uma exceção não chegaria ao programa


def conferir(argumentos: dict):
    protocolo = argumentos.get("security_protocol", "PLAINTEXT")
    if protocolo not in PROTOCOLOS:
        parar(f"KAFKA_SECURITY_PROTOCOL={protocolo}: aceitos: {', '.join(PROTOCOLOS)}")
    if protocolo.startswith("SASL"):
        if argumentos.get("sasl_mechanism") not in MECANISMOS:
            parar(f"KAFKA_SASL_MECHANISM: {protocolo} precisa de um; aceitos aqui: {', '.join(MECANISMOS)}")
        if not argumentos.get("sasl_plain_username") or not argumentos.get("sasl_plain_password"):
            parar(f"{protocolo} precisa de KAFKA_SASL_USERNAME, e de KAFKA_SASL_PASSWORD ou KAFKA_SASL_PASSWORD_FILE")
    elif "sasl_plain_username" in argumentos:
        parar(f"KAFKA_SECURITY_PROTOCOL: há um usuário, e {protocolo} não tem login; aceitos: SASL_SSL, SASL_PLAINTEXT")
    if os.environ.get("KAFKA_TLS_SERVER_NAME"):
        parar("KAFKA_TLS_SERVER_NAME: o kafka-python só aceita o nome que se disca; use em BOOTSTRAP_SERVERS um nome do certificado")
    for argumento in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        if argumento in argumentos and not os.path.isfile(argumentos[argumento]):
            parar(f"{argumentos[argumento]}: não há este arquivo PEM")
