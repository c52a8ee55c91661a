package cli

import "testing"

// readers are programs that read orders, right and wrong. They are judged like the boards.
var readers = []struct {
	role, words string
	wantCode    int
	want        string
}{
	{"consumer", "know handle remember crash commit", 0, "tratadas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
	{"consumer", "dynamic know handle remember crash commit", 0, "tratadas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
	{"consumer", "auto know handle remember crash commit", 0, "→ como previsto"},
	{"consumer", "know handle remember commit", 2, "sem veredito: o consumer não caiu: no pedido cujo orderId é FAIL_AT_ID"},
	{"consumer", "exit handle", 1, "Dica: O programa termina com um erro antes de tratar um pedido"},
	{"consumer", "exit handle", 1, "✗ pedido-12: a queda veio antes"},
	{"consumer", "asleep handle", 1, "Dica: O programa não entrou no grupo"},
	{"consumer", "own-group know handle remember crash commit", 1, "Dica: O programa lê com um grupo seu, «meu-grupo»"},
	{"consumer", "stderr know handle remember crash commit", 1, "Dica: As linhas dos pedidos saíram na saída de erros (stderr)"},
	{"consumer", "latest know handle remember crash commit", 1, "Dica: O programa entrou no grupo e não leu nada"},
	{"consumer", "buffered know handle remember crash commit", 1, "mas nenhuma linha saiu na primeira vida"},
	{"consumer", "talkative know handle remember crash commit", 1, "Dica: Nenhuma linha do programa é de um pedido"},
	{"consumer", "fixed know handle crash remember commit", 1, "Dica: O programa cai no mesmo pedido em cada vida"},
	{"consumer", "know commit crash handle remember", 1, "Dica: O offset do pedido-12 foi confirmado antes do efeito"},
	{"consumer", "know remember crash handle commit", 1, "Dica: O pedido-12 voltou depois da queda, e o programa já se lembrava dele"},
	{"consumer", "handle crash commit", 1, "Dica: Um pedido que está duas vezes no tópico teve efeito duas vezes"},
	{"consumer", "ram know handle remember crash commit", 1, "Dica: Depois do reinício o programa tratou de novo"},
	{"consumer", "know handle crash remember commit", 1, "Dica: Depois do reinício o programa tratou de novo"},
	{"consumer", "know handle remember commit crash", 1, "Dica: A queda veio depois da confirmação do pedido-12"},
	{"consumer", "know handle remember crash", 1, "Dica: O grupo não confirmou os offsets até o fim"},

	{"detector", "plain know decide remember crash commit", 0, "decididas 30 · perdidas 0 · repetidas 0 · fora de ordem 0 → como previsto"},
	{"detector", "plain stderr know decide remember crash commit", 0, "✓ cada decisão segue a regra"},
	{"detector", "plain know decide remember commit", 2, "sem veredito: o detector não caiu"},
	{"detector", "exit handle", 1, "Dica: O programa termina com um erro antes de tratar um pedido"},
	{"detector", "exit handle", 1, "✗ cada decisão segue a regra"},
	{"detector", "plain own-group know decide remember crash commit", 1, "Dica: O programa lê com um grupo seu, «meu-grupo»"},
	{"detector", "know handle remember crash commit", 1, "Dica: Não há decisão nenhuma"},
	{"detector", "plain bare know decide remember crash commit", 1, "Dica: Uma decisão não tem a forma das mensagens da loja"},
	{"detector", "plain above know decide remember crash commit", 1, "Dica: Há decisões erradas: é fraude a partir de 4500"},
	{"detector", "plain lazy know decide remember crash commit", 1, "Dica: Pedidos que já estavam confirmados ficaram sem efeito"},
	{"detector", "plain know commit crash decide remember", 1, "Dica: O offset do pedido-12 foi confirmado antes do efeito"},
	{"detector", "plain know remember crash decide commit", 1, "Dica: O pedido-12 voltou depois da queda, e o programa já se lembrava dele"},
	{"detector", "plain decide crash commit", 1, "Dica: Um pedido que está duas vezes no tópico teve efeito duas vezes"},
	{"detector", "plain ram know decide remember crash commit", 1, "Dica: Depois do reinício o programa tratou de novo"},
}

// Each reader of orders is judged by the tool as a process. A row is the control of the others.
func TestOwnReaderOfOrders(t *testing.T) {
	t.Parallel()
	var rows []judged
	for _, c := range readers {
		rows = append(rows, judged{[]string{"duplicate-orders", "--" + c.role, "\"$STUDENT\" " + c.words}, c.wantCode, c.want})
	}
	judgeAll(t, rows)
}

// simulators play a match, rightly and wrongly. They are judged like the boards.
var simulators = []struct {
	words    string
	wantCode int
	want     string
}{
	{"play", 0, "no tópico 48 · perdidas 0 · duplicadas no tópico 0 · fora de ordem 0 → como previsto"},
	{"stderr play", 0, "✓ cada gol de id múltiplo de 4 foi antes enviado e abortado"},
	{"exit", 1, "Dica: O programa termina com um erro antes de enviar um evento"},
	{"exit", 1, "✗ cada envio pediu acks=all"},
	{"environment", 1, "Dica: Não há nada no tópico"},
	{"scrawl play", 1, "Dica: Uma mensagem não é um evento da partida"},
	{"weak faithful play", 1, "Dica: O producer não pede acks=all"},
	{"plain faithful play", 1, "Dica: Os eventos vão fora de transações"},
	{"split play", 1, "Dica: A partida está em várias partições"},
	{"open play", 1, "Dica: Uma transação ficou aberta"},
	{"regret play", 1, "Dica: Os gols de id múltiplo de 4 estão duas vezes no tópico, confirmados"},
	{"cut play", 1, "Dica: Falta o fim da partida"},
	{"skip play", 1, "Dica: Os gols confirmados não são uma partida"},
	{"faithful play", 1, "Dica: Nenhum gol foi abortado"},
	{"fifth play", 1, "Dica: Foram abortados outros gols"},
	{"endless play", 1, "Dica: A partida está no tópico, mas o programa não terminou bem"},
}

// Each simulator is judged by the tool as a process. A row is the control of the others.
func TestOwnSimulator(t *testing.T) {
	t.Parallel()
	var rows []judged
	for _, c := range simulators {
		rows = append(rows, judged{[]string{"ghost-goals", "--pace", "20ms", "--simulator", "\"$STUDENT\" " + c.words}, c.wantCode, c.want})
	}
	judgeAll(t, rows)
}
