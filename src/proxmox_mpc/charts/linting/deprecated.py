"""APIs of Kubernetes that are going or gone, as Helm 4.2.3 knows them (k8s.io/api of Kubernetes 1.36)."""

from __future__ import annotations

# API, kind, the minor versions of Kubernetes 1 in which it was deprecated and is gone, and what
# takes its place: `=` is a kind of the same name.
_TABLE = """
extensions/v1beta1 Deployment 8 16 apps/v1 =
extensions/v1beta1 DaemonSet 8 16 apps/v1 =
extensions/v1beta1 ReplicaSet 8 16 apps/v1 =
extensions/v1beta1 NetworkPolicy 9 16 networking.k8s.io/v1 =
extensions/v1beta1 Ingress 14 22 networking.k8s.io/v1 =
extensions/v1beta1 Scale 2 16 - =
apps/v1beta1 Deployment 8 16 apps/v1 =
apps/v1beta1 StatefulSet 8 16 apps/v1 =
apps/v1beta1 ControllerRevision 8 16 apps/v1 =
apps/v1beta1 Scale 8 16 autoscaling/v1 =
apps/v1beta2 Deployment 9 16 apps/v1 =
apps/v1beta2 DaemonSet 9 16 apps/v1 =
apps/v1beta2 ReplicaSet 9 16 apps/v1 =
apps/v1beta2 StatefulSet 9 16 apps/v1 =
apps/v1beta2 ControllerRevision 9 16 apps/v1 =
networking.k8s.io/v1beta1 Ingress 19 22 networking.k8s.io/v1 =
networking.k8s.io/v1beta1 IngressClass 19 22 networking.k8s.io/v1 IngressClassList
networking.k8s.io/v1beta1 IPAddress 34 37 - =
networking.k8s.io/v1beta1 ServiceCIDR 34 37 - =
policy/v1beta1 PodDisruptionBudget 21 25 policy/v1 =
policy/v1beta1 Eviction 22 25 - =
batch/v1beta1 CronJob 21 25 batch/v1 =
rbac.authorization.k8s.io/v1beta1 Role 17 22 rbac.authorization.k8s.io/v1 =
rbac.authorization.k8s.io/v1beta1 ClusterRole 17 22 rbac.authorization.k8s.io/v1 =
rbac.authorization.k8s.io/v1beta1 RoleBinding 17 22 rbac.authorization.k8s.io/v1 =
rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding 17 22 rbac.authorization.k8s.io/v1 =
admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration 16 22 admissionregistration.k8s.io/v1 =
admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration 16 22 admissionregistration.k8s.io/v1 =
admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy 31 34 - =
certificates.k8s.io/v1beta1 CertificateSigningRequest 19 22 certificates.k8s.io/v1 =
coordination.k8s.io/v1beta1 Lease 19 22 coordination.k8s.io/v1 =
coordination.k8s.io/v1beta1 LeaseCandidate 36 39 - =
discovery.k8s.io/v1beta1 EndpointSlice 21 25 discovery.k8s.io/v1 =
events.k8s.io/v1beta1 Event 22 25 - =
flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema 23 26 flowcontrol.apiserver.k8s.io/v1beta3 =
flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration 23 26 flowcontrol.apiserver.k8s.io/v1beta3 =
flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema 26 29 flowcontrol.apiserver.k8s.io/v1beta3 =
flowcontrol.apiserver.k8s.io/v1beta2 PriorityLevelConfiguration 26 29 flowcontrol.apiserver.k8s.io/v1beta3 =
flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema 29 32 flowcontrol.apiserver.k8s.io/v1 =
flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration 29 32 flowcontrol.apiserver.k8s.io/v1 =
node.k8s.io/v1beta1 RuntimeClass 22 25 - =
scheduling.k8s.io/v1beta1 PriorityClass 14 22 scheduling.k8s.io/v1 =
storage.k8s.io/v1beta1 CSIDriver 19 22 storage.k8s.io/v1 =
storage.k8s.io/v1beta1 CSINode 17 22 storage.k8s.io/v1 =
storage.k8s.io/v1beta1 StorageClass 19 22 storage.k8s.io/v1 =
storage.k8s.io/v1beta1 VolumeAttachment 19 22 storage.k8s.io/v1 =
storage.k8s.io/v1beta1 CSIStorageCapacity 24 27 storage.k8s.io/v1 =
v1 ComponentStatus 19 - - =
v1 Endpoints 33 - discovery.k8s.io/v1 EndpointSlice
authentication.k8s.io/v1beta1 TokenReview 19 22 authentication.k8s.io/v1 =
authorization.k8s.io/v1beta1 SubjectAccessReview 19 22 authorization.k8s.io/v1 =
authorization.k8s.io/v1beta1 LocalSubjectAccessReview 19 22 authorization.k8s.io/v1 =
resource.k8s.io/v1beta1 ResourceClaim 35 38 - =
"""


def _told(kind: str, since: str, gone: str, api: str, instead: str) -> str:
    text = f"is deprecated in v1.{since}+"
    text += "" if gone == "-" else f", unavailable in v1.{gone}+"
    return text + ("" if api == "-" else f"; use {api} {kind if instead == '=' else instead}")


DEPRECATED = {(api, kind): _told(kind, *rest) for api, kind, *rest in map(str.split, _TABLE.split("\n")[1:-1])}
"""By API and kind what Helm says of them."""
