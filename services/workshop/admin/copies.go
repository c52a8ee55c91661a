package admin

import (
	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
)

// IsEmbedded reports whether the cluster is the one of «workshop up».
func IsEmbedded(meta *sarama.MetadataResponse) bool {
	return meta.ClusterID != nil && embedded.IsEmbedded(*meta.ClusterID)
}

// NoteCopies says what is wrong with the replicas that the embedded cluster names.
func (t *Tool) NoteCopies() {
	t.Note("this is the embedded cluster, which replicates nothing: it keeps each partition once, whatever replicas it names")
}
