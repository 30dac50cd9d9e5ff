import { App } from 'aws-cdk-lib';
import { FlightsStack } from './flights-stack';

new FlightsStack(new App(), 'Flights');
