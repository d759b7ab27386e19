import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'

/** What the services with a pull and a rollback run, and what a pull brings. */
export const image = { before: 'rd-chaos:1', brought: 'rd-chaos:2' } as const

/**
 * Writes down what a step does, and prints and ends as its process number says: between 0 and 400 lines within half a
 * second, and in one of four cases with a failure. Its current folder is its job's. A pull brings another image.
 */
const act = `
step=$(basename "$PWD")
job=$(basename "$(dirname "$PWD")")
code=0
case $step in
  pull*)
    docker tag ${image.brought} ${image.before}
    [ $(($$ % 8)) -eq 0 ] && code=18 ;;
  *) [ $(($$ % 4)) -eq 0 ] && code=3 ;;
esac
number=0
while [ $number -lt $(($$ % 20)) ]; do
  number=$((number + 1))
  seq -f "line $number.%.0f of $job in $step" $(($$ % 20)) | tee -a "$folder/out-$job-$step"
  sleep 0.02
done
echo "end $job $step $code" >>"$folder/events"
exit $code`

/** Its first act: that it has begun, with the version of the world that it read. */
const begin = `project=; previous=
for word; do [ "$previous" = -p ] && project=$word; previous=$word; done
step=$(basename "$PWD")
job=$(basename "$(dirname "$PWD")")
echo "begin $job $step $project $service $(cat "$folder/version")" >>"$folder/events"`

/** A compose whose `pull` and `up` touch no container. */
export async function scriptDeploys(): Promise<ScriptedCompose> {
  return scriptCompose(act, `{ ${begin}; }`, ['pull', 'up'])
}
