"""docs/pt-BR/clients.md, from docs/clients.md. scripts/compat-clients runs it after each measurement.

Errors of clients, and all else between backticks in tables, stay as they are. A paragraph or a heading that is not known ends it with 1.
"""
import pathlib, re, sys

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"

# A paragraph, its lines joined, or a heading; what differs from run to run is in groups.
PROSE = {
    r"# Clients beside each other": "# Clientes lado a lado",
    r"\*\[Português\]\(pt-BR/clients.md\)\*": "*[English](../clients.md)*",
    r"Made by `scripts/compat-clients` on (\S+), .*? Clusters: (.*)\. All but the last table are from (.*), on one broker\.":
        r"""Página feita por `scripts/compat-clients` em \1, com o que cada cliente fez; a próxima execução a sobrescreve. Clusters:
\2. Todas as tabelas, menos a última, são do \3, em um broker só.""",
    r"\* (\S+) is not installed: (`.*`)": r"* \1 não está instalado: \2",
    r"What each is, and how to run it: .*": """\
O que é cada um, e como rodar: [labs/clients](../../labs/clients/README.md). `workshop` são os programas deste repositório: `workshop produce`
e `consume`, o `producer` para os codecs, o `consumer` nos grupos. Os clientes de Python são os que `pip install -r requirements.txt` instala,
sem as bibliotecas opcionais dos codecs. `–` no lugar de um resultado: o cliente não oferece isso, ou o programa de teste dele em
`scripts/compat` não sabe como pedir, e nada foi tentado.""",
    r"## Who reads whom": "## Quem lê quem",
    r"Six messages: .*": """\
Seis mensagens: chave nula, chave vazia, valor nulo, valor vazio, header repetido, header de valor nulo.
A célula diz o que se lê diferente do que foi enviado.""",
    r"## Compression": "## Compressão",
    r"A batch of 21 messages with each codec; .*":
        "Um lote de 21 mensagens com cada codec; quem lê, lê os de todos os que enviaram.",
    r"## Transactions": "## Transações",
    r"A topic with the message `committed`, .*": """\
Um tópico com a mensagem `committed`, de uma transação que teve commit, e a mensagem `aborted`, de uma transação abortada.""",
    r"## Where a key goes": "## Para onde vai uma chave",
    r"How many of 60 keys .*":
        "Quantas de 60 chaves ficam na partição que o murmur2 de Java dá, com o particionador padrão de cada cliente.",
    r"## Groups": "## Grupos",
    r"One joins a group of another, .*": """\
Um cliente entra no grupo de outro, os dois com os seus padrões: a estratégia a que chegam, ou `recusado`. Entre parênteses, a estratégia de
um grupo só dele.""",
    r"What a refused member says, and does:": "O que diz, e faz, um membro recusado:",
    r"One group of all, each set to one strategy:": "Um grupo com todos, cada um configurado com uma só estratégia:",
    r"## Commits, and LAG": "## Offsets confirmados, e LAG",
    r"Each reads three transactions of a message each, .*": """\
Cada um lê três transações de uma mensagem, e confirma o offset por si mesmo. A época do líder é 0. LAG é o que mostra o
`kafka-consumer-groups.sh`: o fim do log menos o offset confirmado.""",
    r"## Brokers": "## Brokers",
    r"Sends, reads, commits a transaction, .*": """\
Envia, lê, faz o commit de uma transação e entra em um grupo próprio: `sim`, ou o que não funciona. O que não funciona em nenhum deles está nas
tabelas acima.""",
}

# What a cell of a table has outside backticks, or at the head of a column.
CELLS = {
    r"^client$": "cliente", r"^version$": "versão", r"^reads ↓, sent by →$": "lê ↓, enviado por →", r"^cannot send$": "não consegue enviar",
    r"^commits$": "faz commit", r"^aborts$": "aborta", r"^reads, by its defaults$": "lê, por padrão",
    r"^reads with read_committed$": "lê com read_committed", r"^(\d+) partitions$": r"\1 partições",
    r"^joins ↓, a group of →$": "entra ↓, num grupo de →", r"^says on standard error$": "diz na saída de erro", r"^and then$": "e depois",
    r"^commits offset$": "confirma o offset", r"^LAG \(the log ends at (\d+)\)$": r"LAG (o log termina em \1)",
    r"^leader epoch$": "época do líder", r"^metadata$": "metadados", r"^embedded$": "embutido",
    r"^(\*\*\S+\*\*) sends$": r"\1 envia", r"^(\*\*\S+\*\*) reads$": r"\1 lê",
    r"^all$": "tudo", r"^yes$": "sim", r"^nothing$": "nada", r"^in it\b": "no grupo", r"^\*\*refused\*\*$": "**recusado**",
    r"^ends, with exit code (\d+)$": r"termina, com código \1", r"^still runs after (\d+) s$": r"depois de \1 s ainda roda",
    r"^(\d+) of 60$": r"\1 de 60", r"\b(\d+) of (\d+) messages": r"\1 de \2 mensagens", r"; partitions (.*) twice$": r"; partições \1 duas vezes",
    r"\bheader with a null value: ": "header de valor nulo: ", r"\bnull key: ": "chave nula: ", r"\bempty key: ": "chave vazia: ",
    r"\bnull value: ": "valor nulo: ", r"\bempty value: ": "valor vazio: ", r"\brepeated header: ": "header repetido: ",
    r"\bnot there\b": "não está", r": null\b": ": nulo", r": empty\b": ": vazio", r": other\b": ": outro", r": none\b": ": nenhum",
    r"^from ": "de ", r"\bgroup: $": "grupo: ",
}


def cell(text, head):
    if text == "none" and not head:  # at a column's head it is a codec
        return "não há"
    parts = text.split("`")
    for i in range(0, len(parts), 2):
        for english, portuguese in CELLS.items():
            parts[i] = re.sub(english, portuguese, parts[i])
    return "`".join(parts)


def table(lines):
    return "\n".join(" | ".join(cell(c, number == 0) for c in re.split(r" \| ", line[2:-2]))
                     .join(("| ", " |")) for number, line in enumerate(lines))


def block(text):
    if text.startswith("| "):
        return table(text.splitlines())
    lines = text.splitlines() if text.startswith("* ") else [" ".join(text.split())]
    said = []
    for line in lines:
        known = next(((e, p) for e, p in PROSE.items() if re.fullmatch(e, line)), None)
        if known is None:
            sys.exit(f"portuguese.py: PROSE lacks: {line}")
        said.append(re.sub(*known, line))
    return "\n".join(said).replace("; embedded.", "; embutido.")


if __name__ == "__main__":
    page = "\n\n".join(block(b) for b in (DOCS / "clients.md").read_text().strip().split("\n\n"))
    (DOCS / "pt-BR" / "clients.md").write_text(page + "\n")
