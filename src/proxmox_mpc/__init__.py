"""Proxmox-MPC: declare, plan and apply Proxmox VE clusters, and keep them so."""

__version__ = "0.1.0"
