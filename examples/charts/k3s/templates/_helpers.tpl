{{/* The chart's name. */}}
{{- define "k3s.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What the release's objects are called: the release, and the chart where the release does not say it. */}}
{{- define "k3s.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "k3s.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "k3s.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The servers as high availability names them, one a line. */}}
{{- define "k3s.resources" -}}
{{- range $number := untilStep 1 (int (add1 .Values.servers.replicas)) 1 }}
vm:{{ add $.Values.vmid $number }}
{{- end }}
{{- end }}

{{/* What all machines have. `about`: their values; `role`: what they are; `address`: theirs, or empty for DHCP. */}}
{{- define "k3s.machine" -}}
{{- $values := .root.Values -}}
template: {{ $values.template | quote }}
{{- with $values.nodes }}
placement:
  nodes:
    {{- toYaml . | nindent 4 }}
{{- end }}
state: running
cpu:
  cores: {{ .about.cores }}
memory: {{ .about.memory }}
{{- with .about.disk }}
disks:
  - storage: {{ $values.storage }}
    size: {{ . }}
{{- end }}
networks:
  - bridge: {{ $values.network.bridge }}
    {{- with $values.network.vlan }}
    vlan: {{ . }}
    {{- end }}
cloudInit:
  storage: {{ $values.storage }}
  user: {{ $values.cloudInit.user }}
  {{- with $values.cloudInit.sshKeys }}
  sshKeys:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.network.nameservers }}
  nameservers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .about.userData }}
  custom:
    user: {{ . }}
  {{- end }}
  ipConfig:
    {{- if .address }}
    - ip: {{ .address | quote }}
      gateway: {{ required "network.gateway is needed where machines have addresses" $values.network.gateway }}
    {{- else }}
    - ip: dhcp
    {{- end }}
onboot: {{ $values.onboot }}
tags:
  {{- append (default list $values.tags) (printf "%s-%s" .root.Release.Name .role) | uniq | toYaml | nindent 2 }}
{{- end }}
