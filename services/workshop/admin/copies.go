package admin

import (
	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
)

// isEmbedded reports whether the cluster is the one of «workshop up».
func isEmbedded(meta *sarama.MetadataResponse) bool {
	return meta.ClusterID != nil && embedded.IsEmbedded(*meta.ClusterID)
}

// noteCopies says what is wrong with the replicas that the embedded cluster names.
func (t *Tool) noteCopies() {
	t.note("this is the embedded cluster, which replicates nothing: it keeps each partition once, whatever replicas it names")
}
