{{/* The chart's name. */}}
{{- define "web-tier.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What the release's objects are called: the release, and the chart where the release does not say it. */}}
{{- define "web-tier.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains (include "web-tier.name" .) .Release.Name }}
{{- .Release.Name }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "web-tier.name" .) | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Name of a security group, of which PVE takes 18 characters: long ones end with a few of their checksum. */}}
{{- define "web-tier.group" -}}
{{- $name := printf "%s-%s" (include "web-tier.fullname" .root | replace "." "-") .part }}
{{- if or (gt (len $name) 18) (not (regexMatch "^[a-z]" $name)) }}
{{- printf "g%s-%s" ($name | sha256sum | trunc 8) .part }}
{{- else }}
{{- $name }}
{{- end }}
{{- end }}

{{/* Names of the web servers, one a line. */}}
{{- define "web-tier.servers" -}}
{{- range $number := untilStep 1 (int (add1 .Values.web.replicas)) 1 }}
{{ include "web-tier.fullname" $ }}-{{ $number }}
{{- end }}
{{- end }}

{{/* The network card of a machine. */}}
{{- define "web-tier.network" -}}
- bridge: {{ .Values.network.bridge }}
  {{- with .Values.network.vlan }}
  vlan: {{ . }}
  {{- end }}
  firewall: {{ .Values.firewall.enabled }}
{{- end }}

{{/* Cloud-init: `address` with prefix, or by DHCP where it is empty. */}}
{{- define "web-tier.cloudInit" -}}
{{- $values := .root.Values }}
storage: {{ $values.storage }}
user: {{ $values.cloudInit.user }}
{{- with $values.cloudInit.sshKeys }}
sshKeys:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.network.nameservers }}
nameservers:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .userData }}
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
{{- end }}

{{/* Firewall rules that let SSH in. */}}
{{- define "web-tier.ssh" -}}
{{- range .Values.firewall.sshFrom }}
- IN SSH(ACCEPT) -source {{ . }}
{{- else }}
- IN SSH(ACCEPT)
{{- end }}
- IN Ping(ACCEPT)
{{- end }}
