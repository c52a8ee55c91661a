package group

import (
	"fmt"

	"workshop.example/kit/service"
)

// The lines for students that every service prints in the same words.

func joiningLine(lang service.Lang) string {
	return service.Pick(lang,
		"esperando a vez no grupo: se um membro caiu, o grupo espera o fim da sessão dele (6 s, ou o que ele pediu) antes de repartir as partições",
		"waiting for the group: if a member died, the group waits for the end of its session (6 s, or what it asked for) before it hands out the partitions")
}

func nameTakenLine(lang service.Lang, instance string) string {
	return fmt.Sprintf(service.Pick(lang,
		"o grupo tem outro membro com o GROUP_INSTANCE_ID %q: outro programa, ou um registro antigo deste, que expira com a sessão; esperando para saber",
		"the group has another member with GROUP_INSTANCE_ID %q: another program, or an old entry of this one, which expires with its session; waiting to find out"), instance)
}

func sameNameLine(lang service.Lang, group, instance string) string {
	return fmt.Sprintf(service.Pick(lang,
		"outro membro do grupo %s usa o mesmo GROUP_INSTANCE_ID %q, e o Kafka só aceita o mais novo: dê a cada programa o seu, e inicie este de novo",
		"another member of group %s runs with the same GROUP_INSTANCE_ID %q, and Kafka accepts only the newest: give each program its own, and start this one again"), group, instance)
}

func removedLine(lang service.Lang, partition int32, first, last int64) string {
	return fmt.Sprintf(service.Pick(lang,
		"mensagens apagadas pela retenção antes de serem lidas: partição %d, offsets %d a %d",
		"messages deleted by retention before they were read: partition %d, offsets %d to %d"), partition, first, last)
}
