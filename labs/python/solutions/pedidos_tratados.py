"""A memória dos pedidos já tratados: um banco SQLite em STATE_DIR, que sobrevive à queda."""
import os
import sqlite3


class PedidosTratados:
    def __init__(self, nome):
        self.banco = sqlite3.connect(os.path.join(os.environ.get("STATE_DIR") or ".", nome + ".db"))
        self.banco.execute("CREATE TABLE IF NOT EXISTS pedidos (id TEXT PRIMARY KEY)")

    def __contains__(self, pedido):
        return self.banco.execute("SELECT 1 FROM pedidos WHERE id = ?", (pedido,)).fetchone() is not None

    def anotar(self, pedido):
        with self.banco:  # uma transação: no disco quando a linha termina
            self.banco.execute("INSERT INTO pedidos VALUES (?)", (pedido,))
