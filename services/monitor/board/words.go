package board

// words are the page's texts for students. The page's script gets all of them.
type words struct {
	Lang, Title, Tables, Connecting, Silent, Away                            string
	Match, NoMatch, Tally, Equal, Differs, Lost, Repeated, None, Finish      string
	Since, Program, Ids                                                      string
	Rate, RateNow, Value, Minute, UpTo, NoTransaction, Missing               string
	Alerts, NoAlert, Transactions, Quiet                                     string
	Cluster, Broker, Partition, Up, Down, Controller, Leader, InSync, Behind string
	NoLeader, Whole, Lacking, LeftOut, NoTopic                               string
	Experiment, Underway, Held, Failed, NoVerdict                            string
	Groups, NoGroup, Lag, Unknown, Stable, Rebalancing, Empty, Orphaned      string
}

var portuguese = words{
	Lang: "pt-BR", Title: "Quadro da turma", Tables: "janelas em tabelas", Connecting: "conectando...",
	Silent: "O monitor não responde: esta página tenta de novo sozinha.",
	Away:   "O Kafka não responde desde {time}: o quadro mostra o que se sabia e volta sozinho.",
	Match:  "Partida", NoMatch: "Nenhuma partida ainda.", Tally: "Contagem própria",
	Equal: "igual ao placar", Differs: "diferente do placar", Lost: "ids perdidos", Repeated: "ids repetidos", None: "nenhum",
	Finish: "Partida finalizada!", Since: "contados desde o id {id}", Program: "Programa scoreboard (exactly-once)",
	Ids:  "ids da partida, na ordem",
	Rate: "Transações por segundo", RateNow: "média de 10 s", Value: "Valor por segundo", Minute: "último minuto",
	UpTo: "até {time}", NoTransaction: "Nenhuma transação ainda.",
	Missing: "Nenhum monitor responde pelas partições",
	Alerts:  "Alertas", NoAlert: "Nenhum alerta ainda.", Transactions: "transações", Quiet: "em silêncio",
	Cluster: "Brokers e partições", Broker: "broker",
	Partition: "partição", Up: "no ar", Down: "fora", Controller: "controlador",
	Leader: "líder", InSync: "em sincronia", Behind: "fora de sincronia", NoLeader: "sem líder",
	Whole: "todas as réplicas em sincronia", Lacking: "{n} partições sem alguma réplica", LeftOut: "e mais {n} partições",
	NoTopic:    "Nenhum tópico ainda.",
	Experiment: "Experimento neste cluster:", Underway: "em andamento", Held: "como previsto",
	Failed: "não foi como previsto", NoVerdict: "sem veredito",
	Groups: "Grupos", NoGroup: "Nenhum grupo ainda.", Lag: "lag", Unknown: "?", Stable: "estável",
	Rebalancing: "rebalanceando", Empty: "sem membros", Orphaned: "sem coordenador",
}

var english = words{
	Lang: "en", Title: "Class board", Tables: "windows in tables", Connecting: "connecting...",
	Silent: "The monitor does not answer: this page tries again by itself.",
	Away:   "Kafka has not answered since {time}: the board shows what was known, and comes back by itself.",
	Match:  "Match", NoMatch: "No match yet.", Tally: "Own tally",
	Equal: "equal to the score", Differs: "differs from the score", Lost: "lost ids", Repeated: "repeated ids", None: "none",
	Finish: "Match finished!", Since: "counted from id {id} on", Program: "Program scoreboard (exactly-once)",
	Ids:  "the match's ids, in order",
	Rate: "Transactions per second", RateNow: "mean of 10 s", Value: "Value per second", Minute: "last minute",
	UpTo: "up to {time}", NoTransaction: "No transaction yet.", Missing: "No monitor answers for the partitions",
	Alerts: "Alerts", NoAlert: "No alert yet.", Transactions: "transactions", Quiet: "silent",
	Cluster: "Brokers and partitions", Broker: "broker",
	Partition: "partition", Up: "up", Down: "down", Controller: "controller",
	Leader: "leader", InSync: "in sync", Behind: "out of sync", NoLeader: "no leader",
	Whole: "every replica is in sync", Lacking: "{n} partitions lack a replica", LeftOut: "and {n} partitions more",
	NoTopic:    "No topic yet.",
	Experiment: "Experiment on this cluster:", Underway: "under way", Held: "as predicted",
	Failed: "not as predicted", NoVerdict: "no verdict",
	Groups: "Groups", NoGroup: "No group yet.", Lag: "lag", Unknown: "?", Stable: "stable",
	Rebalancing: "rebalancing", Empty: "no members", Orphaned: "no coordinator",
}
