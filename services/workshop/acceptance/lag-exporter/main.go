// Command lag-exporter stands in for kminion, the exporter of groups that compose/observability.yaml runs, where tests cannot
// have its image. It tells real offsets of real groups, under kminion's names, and only those that a dashboard or an alert uses.
//
// BOOTSTRAP_SERVERS names the brokers. It listens on :8080, as kminion does.
//
// Names: https://github.com/redpanda-data/kminion/blob/master/docs/metrics.md
package main

import (
	"cmp"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"workshop.example/kit/kafka"
)

func main() {
	brokers := strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), kafka.DefaultBrokers), ",")
	registry := prometheus.NewRegistry()
	registry.MustRegister(exporter{brokers})
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// exporter asks the brokers anew at each scrape.
type exporter struct{ brokers []string }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("kminion_kafka_"+name, help, labels, nil)
}

var (
	members = desc("consumer_group_members", "Members of the group.", "group_id")
	lag     = desc("consumer_group_topic_lag", "Messages between the group and the end of the topic.", "group_id", "topic_name")
	lagOf   = desc("consumer_group_topic_partition_lag", "The same of a partition.", "group_id", "topic_name", "partition_id")
	offsets = desc("consumer_group_topic_offset_sum", "Committed offsets, added up.", "group_id", "topic_name")
	ends    = desc("topic_high_water_mark_sum", "High watermarks, added up.", "topic_name")
)

// Describe implements [prometheus.Collector].
func (exporter) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{members, lag, lagOf, offsets, ends} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector]. What cannot be had fails the scrape.
func (e exporter) Collect(ch chan<- prometheus.Metric) {
	if err := e.collect(ch); err != nil {
		log.Print(err)
		ch <- prometheus.NewInvalidMetric(lag, err)
	}
}

func (e exporter) collect(ch chan<- prometheus.Metric) error {
	conf := kafka.Cluster{Brokers: e.brokers}.AdminConfig("lag-exporter")
	conf.Metadata.Retry.Max = 3 // a scrape has seconds
	client, err := sarama.NewClient(e.brokers, conf)
	if err != nil {
		return err
	}
	defer client.Close()
	marks, err := highWatermarks(client, ch)
	if err != nil {
		return err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return err
	}
	names, err := admin.ListConsumerGroups()
	if err != nil {
		return err
	}
	for name := range names {
		if err := group(admin, name, marks, ch); err != nil {
			return err
		}
	}
	return nil
}

// highWatermarks returns the end of each partition, by topic.
func highWatermarks(client sarama.Client, ch chan<- prometheus.Metric) (map[string]map[int32]int64, error) {
	topics, err := client.Topics()
	if err != nil {
		return nil, err
	}
	marks := map[string]map[int32]int64{}
	for _, topic := range topics {
		partitions, err := client.Partitions(topic)
		if err != nil {
			return nil, err
		}
		marks[topic] = map[int32]int64{}
		var sum int64
		for _, p := range partitions {
			end, err := client.GetOffset(topic, p, sarama.OffsetNewest)
			if err != nil {
				return nil, err
			}
			marks[topic][p] = end
			sum += end
		}
		ch <- gauge(ends, sum, topic)
	}
	return marks, nil
}

func group(admin sarama.ClusterAdmin, name string, marks map[string]map[int32]int64, ch chan<- prometheus.Metric) error {
	described, err := admin.DescribeConsumerGroups([]string{name})
	if err != nil {
		return err
	}
	ch <- gauge(members, int64(len(described[0].Members)), name)
	committed, err := admin.ListConsumerGroupOffsets(name, nil)
	if err != nil {
		return err
	}
	for topic, partitions := range committed.Blocks {
		var behind, at int64
		for p, block := range partitions {
			end, ok := marks[topic][p]
			if !ok || block.Offset < 0 { // no such partition, or nothing committed
				continue
			}
			missing := max(0, end-block.Offset) // the group may have gone on meanwhile
			ch <- gauge(lagOf, missing, name, topic, strconv.Itoa(int(p)))
			behind += missing
			at += block.Offset
		}
		ch <- gauge(lag, behind, name, topic)
		ch <- gauge(offsets, at, name, topic)
	}
	return nil
}

func gauge(d *prometheus.Desc, value int64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
}
