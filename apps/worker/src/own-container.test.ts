import { expect, it } from 'vitest'
import { containerIds } from './own-container.ts'

const id = 'af7e93c1'.repeat(8)
const other = '0b5d2d3f'.repeat(8)
const disk = 'rw,relatime - ext4 /dev/vda rw'
const overlay = `319 153 0:138 / / rw,relatime master:17 - overlay overlay rw,upperdir=/var/lib/docker/overlay2/${other}/diff`

const inside: Readonly<Record<string, { mountinfo?: readonly string[]; cgroup?: string }>> = {
  'Docker, all three files of it mounted': {
    mountinfo: [
      overlay,
      `359 319 254:0 /var/lib/docker/containers/${id}/resolv.conf /etc/resolv.conf ${disk}`,
      `361 319 254:0 /var/lib/docker/containers/${id}/hostname /etc/hostname ${disk}`,
      `362 319 254:0 /var/lib/docker/containers/${id}/hosts /etc/hosts ${disk}`,
    ],
    cgroup: '0::/',
  },
  'Docker that keeps its data on a disk of its own, with a hosts file of our own': {
    mountinfo: [
      `361 319 254:0 /containers/${id}/hostname /etc/hostname ${disk}`,
      `362 319 254:0 /srv/hosts /etc/hosts ${disk}`,
    ],
  },
  Podman: {
    mountinfo: [`99 85 0:25 /containers/overlay-containers/${id}/userdata/hostname /etc/hostname ${disk}`],
  },
  'control groups of version 1': {
    cgroup: `9:name=systemd:/docker/${id}\n8:pids:/docker/${id}\n0::/docker/${id}`,
  },
  'control groups of version 2 that systemd makes': { cgroup: `0::/system.slice/docker-${id}.scope` },
  'control groups of a systemd in the container': { cgroup: `0::/docker/${id}/init.scope` },
}

it.each(Object.entries(inside))('finds the container in %s', (_, { mountinfo = [], cgroup = '0::/' }) => {
  expect([...containerIds(`${mountinfo.join('\n')}\n`, `${cgroup}\n`)]).toEqual([id])
})

const outside: Readonly<Record<string, { mountinfo?: string; cgroup?: string }>> = {
  'a host': { cgroup: '4:memory:/user.slice\n0::/system.slice/redeployster.service' },
  'a host that sees what is mounted for its containers': {
    mountinfo: `560 29 0:150 / /var/lib/docker/containers/${id}/mounts/shm rw shared:9 - tmpfs shm rw,size=65536k`,
  },
  'a host whose layers have names as long': { mountinfo: overlay },
  'a container, looked at from another one that has its folder mounted': {
    mountinfo: `361 319 254:0 /var/lib/docker/containers/${id}/hostname /inspected/hostname ${disk}`,
  },
  nothing: { cgroup: '' },
}

it.each(Object.entries(outside))('finds no container in %s', (_, { mountinfo = '', cgroup = '0::/' }) => {
  expect([...containerIds(`${mountinfo}\n`, `${cgroup}\n`)]).toEqual([])
})
