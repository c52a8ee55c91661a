package doctor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"workshop.example/kit/kafka"
)

// absent is how long a controller may be without the newest records. One that runs fetches every half second at the latest.
const absent = 10 * time.Second

// voters says whether each controller of a cluster without ZooKeeper follows the one that is active.
func (d dialer) voters(q kafka.Quorum) Line {
	const check = "quorum"
	var now time.Time // by the leader's clock
	for _, v := range q.Voters {
		if v.ID == q.Leader {
			now = v.CaughtUp
		}
	}
	var all, gone []string
	most := int64(0)
	for _, v := range q.Voters {
		all = append(all, fmt.Sprint(v.ID))
		if v.ID != q.Leader && now.Sub(v.CaughtUp) > absent {
			gone = append(gone, fmt.Sprint(v.ID))
		}
		most = max(most, v.Behind)
	}
	if len(gone) == 0 {
		return d.ok(check, "controladores %s, o mais atrasado por %d registros", "controllers %s, the last one %d records behind",
			strings.Join(all, ", "), most)
	}
	return warn(check, d.text("os controladores %s não acompanham o %d (%d registros atrás), e são %d ao todo",
		"controllers %s do not follow %d (%d records behind), of %d in all", strings.Join(gone, ", "), q.Leader, most, len(all)),
		d.text("inicie esses brokers (docker compose up -d, make kafka-up): sem mais da metade dos controladores nenhum líder é eleito",
			"start these brokers (docker compose up -d, make kafka-up): without more than half of the controllers no leader is elected"))
}

// noQuorum says why there is nothing to say of the controllers.
func (d dialer) noQuorum(err error) Line {
	const check = "quorum"
	if errors.Is(err, kafka.ErrQuorumLost) {
		return fail(check, d.text("nenhum controlador ativo: os brokers respondem, mas nenhum líder novo é eleito e nenhum tópico é criado",
			"no controller is active: brokers answer, but no new leader is elected and no topic created"),
			d.text("inicie os brokers que faltam (docker compose up -d, make kafka-up): mais da metade dos controladores tem de estar no ar",
				"start the brokers that are missing (docker compose up -d, make kafka-up): more than half of the controllers have to be up"))
	}
	return warn(check, d.text("o cluster não diz quem são os controladores: %v", "the cluster does not tell who the controllers are: %v", err),
		d.text("com ACLs, o usuário precisa de Describe no cluster", "with ACLs, the user needs Describe on the cluster"))
}
