package monitor

// pageWords are the page's texts for students.
type pageWords struct {
	Lang, Title, Lead, Minute, Five, Second, Count, Value, Original     string
	Kind, Platform, Currency, Users, Alerts, Rules, None, At, Partition string
	Away, Missing, Empty, Late, Unreadable, Read, Silent                string
}

var pagePortuguese = pageWords{
	Lang: "pt-BR", Title: "Monitor de transações",
	Lead:   "Janelas pelo horário das próprias transações; quando nenhuma chega, o tempo para.",
	Minute: "Último minuto", Five: "Últimos 5 minutos", Second: "por segundo", Count: "Transações", Value: "Valor",
	Original: "na forma original, de oito campos", Kind: "Tipo", Platform: "Plataforma", Currency: "Moeda",
	Users: "Os dez usuários de maior valor", Alerts: "Alertas, o último primeiro", Rules: "Regras", None: "nenhum", At: "até",
	Partition: "Partição", Away: "O monitor não responde: esta página tenta de novo sozinha.",
	Missing: "Ninguém responde por estas partições, que faltam na soma:", Empty: "Nenhuma transação ainda.",
	Late: "atrasadas", Unreadable: "ilegíveis", Read: "lidas", Silent: "em silêncio",
}

var pageEnglish = pageWords{
	Lang: "en", Title: "Transactions monitor",
	Lead:   "Windows by the transactions' own time; when none comes, time stands still.",
	Minute: "Last minute", Five: "Last 5 minutes", Second: "a second", Count: "Transactions", Value: "Value",
	Original: "in the original form of eight fields", Kind: "Kind", Platform: "Platform", Currency: "Currency",
	Users: "The ten users with the most value", Alerts: "Alerts, the latest first", Rules: "Rules", None: "none", At: "up to",
	Partition: "Partition", Away: "The monitor does not answer: this page tries again by itself.",
	Missing: "Nobody answers for these partitions, which are missing in the sum:", Empty: "No transaction yet.",
	Late: "late", Unreadable: "unreadable", Read: "read", Silent: "silent",
}
