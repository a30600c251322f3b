"""Common English words, so that tokens of ordinary text are known and can be copied.

Data only; used for free phrases, filler sentences and the tokenizer.
"""

COMMON = tuple(
    """
able about above accept across act action active actual add address adult advice affect afraid after afternoon again against age agency
agent agree ahead air airport alarm album all allow almost alone along already also always among amount analysis ancient anger angle
animal announce annual another answer anxious any anyone apart apple apply approach approve area argue arm army around arrange arrive
art article ask aspect assist assume attach attack attempt attend attention audience author average avoid award aware away baby back
bad bag balance ball band bank bar base basic basis bath battle beach bean beat beautiful because become bed before behave behind believe
belong below bench benefit beside best better between beyond big bill birth bit bitter block blood board boat body bone bonus border born
borrow boss both bother bottom bowl boy brain branch bread break breakfast breath brick brief bring broad brother budget bunch burn bus
business busy but buyer cabin cable cake calculate calm camera camp campaign cancel cancer candidate capital captain capture car card
care career careful carry case cash catch category cause celebrate cell center central century certain chain challenge chance change
channel chapter character charge charity cheap check cheese chemical chest child choice choose circle citizen civil claim class clean
clear client climate climb clinic close clothes club coach coal coast coat coffee collect college column combine come comfort command
comment commit common community compare compete complain complete complex computer concept concern concert condition conduct confirm
conflict connect consider consist constant construct consult consumer contact contain content contest context continue control
convert cook cool copper corner correct cost cotton could council count couple courage course court cousin cover crack craft crash
cream create credit crew crime crisis critical crop cross crowd culture cup current curve custom cut cycle daily damage dance danger
dare data daughter day dead deal dear debate debt decade decide decline deep defeat defend define degree delay deliver demand deny
depend depth describe design desire desk detail detect develop device dialog diet differ difficult dinner direct dirty discount discover
discuss disease dish display distance divide doctor document dollar domain double doubt down draft drag drama draw dream dress drink
drive drop drug dry due dust duty each eager ear early earn earth ease east eat edge edit education effect effort either elect element
else emerge emotion empire employ empty enable end enemy energy enjoy enough ensure enter entire entry equal escape especially estate
even evening event ever every evidence exact examine example excellent except excite excuse exercise exist exit expand expect expense
expert explain explore export express extend extra eye face fact factor fail fair faith fall false familiar family famous far farm
fashion father fault favor fear feature federal feed feel fellow female few fiction fight figure fill final finance find finger finish
firm first fish fit fix flag flash fleet flight float floor flow fly focus follow food foot force foreign forget form formal fortune
forward found four frame free freedom fresh friday friend from front fruit full fun fund funny future gain game gap garage gas gate
gather general gentle gift girl give glad global goal good grain grand grant grass great ground group grow growth guard guess guest
guide habit hair half hand handle hang happen happy harm have head health hear heat heavy height help hero hide high hill hire hit hold
hole holiday home honest honor hope host hot hotel hour however huge human hundred hungry hunt hurry hurt husband ice idea ideal image
imagine impact import improve include income increase indeed index industry inform initial injury inner inside insist install instead
insurance intend interest internal interview into invest invite involve iron issue item jazz join joke joy judge juice jump junior just
justice keen keep kid kill kind kiss knee know label labor lack lady lake lamp land large last late laugh launch layer lead leader leaf
learn least leather leave left leg legal lemon lend length less lesson let level liberty library license life lift like limit line link
liquid list listen liter live local lock logic long look loose loss lot loud love lower luck lunch magazine magic mail main maintain
major make male manage manner many march margin mark marriage mass master match material matter maximum maybe mayor meal mean measure
meat media medical member mental mention menu merchant mercy message metal method middle might mile military mind mine minimum minister
minor minute miss mission mistake mix mobile mode model moment money month mood moral more most mother motion motor mouth move movie much
muscle must mutual nation native nature near nearly neat neck need negative neighbor neither nerve never news next nobody noise none
normal north nose not note nothing notice novel now number nurse object observe obtain obvious occur ocean odd offer office officer often
oil once only onto open operate opinion oppose option orange orbit ordinary organ origin other ought out outcome outside oven over owner
pack package pain pair palace panel panic parent part partner party pass passage past patch path patient pattern pause peace peak people
percent perform perhaps period permit phase phrase pick picture piece pilot pipe pitch plain plane planet plant plastic platform play
please pleasure plenty pocket poem poet point policy polite political pool popular portion positive possible post potential power
practice praise predict prefer prepare present press pretty prevent price pride primary prince print prior private prize probably
problem process produce profit program promote proof proper protect proud prove provide public pull pulse pump pupil pure purpose push
quality quantity quarter queen quick quite quote race rail raise range rapid rare rate rather ratio reach react ready real reason recall
receive recent recipe record recover reduce refer reflect reform refuse regard region regret regular reject relate relax release rely
remain remark remind remote remove repair repeat reply report request require rescue reserve resist resort resource respect respond rest
result retail retire reveal reward rhythm rich ride right rise risk rival role roll roof root rope route routine royal rule run rural rush
sad safe sail salary sale salt same sample sand save scale scene schedule scheme science scope score scratch sea search season seat
second section secure seed seek seem segment select self senior sense separate series serious serve session set settle seven several shade
shake shall shape share she shift shine ship shock shoot shop shore should shout show sick side sight sign silence similar since single
sister site situation six size skin skip sleep slice slide slight slip smart smell smile smoke snap social soil soldier solid solve some
son soon sorry sort soul sound source south space spare speak special speech speed spell spend spirit split sport spot spread square
stable staff stage stain stand standard stare state statement stay steady step stick still stock stomach store straight strange stream
street strength stress stretch strike strong structure study stuff style subject submit succeed such sudden suffer suggest suit sum
supply support suppose sure surface surprise survey suspect sweet swim switch symbol system tail take tale talent talk tank tape target
task taste tax tea tear technical temple ten tend term text than thank that their them theme then theory there these they thing think
third this those though thought thousand threat three through throw thus ticket tie time tiny tip tired today together tomorrow tone
tongue tonight tool tooth topic total touch tough tour toward track trade train transfer travel treat trend trial trip trouble truck
true trust truth try tube turn twelve twenty twice twin two type typical under unit unless until upper urban urgent use usual vacation
valid value van variety various vast very victim video view village violence virtual visit vital voice volume vote wage wait wake walk
wall want war warn wash waste water wave way weak wealth wear weather week weekend weight welcome well west what wheel when where whether
which while whole why wife win wine wing wise wish with within without witness woman wonder word work world worry worth would wound wrap
wrong yard year yesterday yet young your youth zone
""".split()
)
