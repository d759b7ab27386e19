import fs from 'node:fs/promises'
import path from 'node:path'
import { run } from './shell.ts'

/** For 127.0.0.1, and signed by nobody else. */
export interface Certificate {
  /** It also holds the key, since HAProxy wants both in one file. */
  readonly file: string
  readonly keyFile: string
  /** The variables by which curl, wget and Node trust it. */
  readonly trust: Readonly<Record<string, string>>
}

export async function createCertificate(folder: string): Promise<Certificate> {
  const [file, keyFile, wgetrc] = ['certificate.pem', 'key.pem', 'wgetrc'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const subject = ['-subj', '/CN=redeployster', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const { code, stderr } = await run(['openssl', 'req', '-x509', ...key, ...subject, '-out', file], folder)
  if (code !== 0) throw new Error(`Cannot make a certificate:\n${stderr}`)
  await fs.appendFile(file, await fs.readFile(keyFile))
  await fs.writeFile(wgetrc, `ca_certificate = ${file}\n`)
  return { file, keyFile, trust: { CURL_CA_BUNDLE: file, NODE_EXTRA_CA_CERTS: file, WGETRC: wgetrc } }
}
