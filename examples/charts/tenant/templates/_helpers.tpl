{{/* The tenant: the release, unless a value says otherwise. */}}
{{- define "tenant.name" -}}
{{- default .Release.Name .Values.nameOverride | replace "." "-" | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* A name of two to `.most` characters, as zones, virtual networks and security groups want: others are a checksum. */}}
{{- define "tenant.short" -}}
{{- $name := include "tenant.name" .root | replace "-" "" }}
{{- if or (lt (len $name) 2) (gt (len $name) (int .most)) (not (regexMatch "^[a-z]" $name)) }}
{{- printf "t%s" (include "tenant.name" .root | sha256sum) | trunc (int .most) }}
{{- else }}
{{- $name }}
{{- end }}
{{- end }}

{{/* The zone and the virtual network, of which PVE takes eight characters. */}}
{{- define "tenant.net" -}}
{{- include "tenant.short" (dict "root" . "most" 8) }}
{{- end }}

{{/* The tenant's groups: who may change guests, and who may look at them. */}}
{{- define "tenant.groups" -}}
- name: {{ include "tenant.name" . }}
  role: TenantUser
- name: {{ include "tenant.name" . }}-readers
  role: PVEAuditor
{{- end }}
