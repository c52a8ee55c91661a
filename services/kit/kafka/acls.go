package kafka

import "github.com/IBM/sarama"

// ACLs returns what a connected broker knows of rights, all of them. It fails with [sarama.ErrSecurityDisabled] where there is no
// authorizer, and with [sarama.ErrClusterAuthorizationFailed] where the user may not describe the cluster. [sarama.ClusterAdmin] asks any
// broker.
func ACLs(broker *sarama.Broker) ([]*sarama.ResourceAcls, error) {
	resp, err := broker.DescribeAcls(&sarama.DescribeAclsRequest{Version: 1, AclFilter: sarama.AclFilter{
		ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny,
		Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	}})
	switch {
	case err != nil:
		return nil, err
	case resp.Err != sarama.ErrNoError:
		return nil, resp.Err
	}
	return resp.ResourceAcls, nil
}
